import { expect, test } from "vitest";
import { duration, roughly } from "../format";
import { eta, queued, remaining, trained } from "./progress";

const run = { state: "running" as const, step: 150, total_steps: 200, active_seconds: 5, fork_step: null };

test("what is left is told at the pace of the run's own steps", () => {
  expect(eta(run)).toBeCloseTo(50 / 30);
  expect(eta({ ...run, fork_step: 100 })).toBeCloseTo(5);
  expect(eta({ ...run, fork_step: 150 })).toBeNull();
  expect(eta({ ...run, state: "paused" })).toBeNull();
});

test("a run that has not trained has no time", () => {
  expect([trained(0), trained(36)]).toEqual(["–", "36\u202fs"]);
});

test("the time that is left is told until the last step", () => {
  expect(remaining({ ...run, step: 50, total_steps: 100, active_seconds: 30 })).toBe(`${duration(30)} left`);
  expect(remaining({ ...run, step: 999, total_steps: 1000, active_seconds: 30 })).toBe("Finishing…");
});

test("after the last step the model is measured, which has no steps", () => {
  expect(remaining({ ...run, step: 200 })).toBe("Measuring…");
});

test("nothing is told where the end or the pace is not known", () => {
  expect(remaining({ ...run, total_steps: null })).toBeNull();
  expect(remaining({ ...run, step: 0 })).toBeNull();
  expect(remaining({ ...run, active_seconds: 0.2 })).toBeNull();
  expect(remaining({ ...run, state: "queued" })).toBeNull();
  expect(remaining({ ...run, state: "paused", step: 200 })).toBeNull();
});

test("a queued run says what it waits for", () => {
  const words = (awaits: "run" | "turn" | "worker", ahead = 0, seconds: number | null = null) => queued({ state: "queued", queue: { awaits, ahead, seconds } });
  expect(words("worker")).toBe("no worker is connected");
  expect(words("turn")).toBe("begins in a moment");
  expect(words("turn", 1)).toBe("1 run ahead");
  expect(words("turn", 2, 240)).toBe(`2 runs ahead, about ${roughly(240)}`);
  expect(words("run")).toBeNull();
  expect(queued({ state: "running", queue: { awaits: "turn", ahead: 1, seconds: null } })).toBeNull();
  expect(queued({ state: "queued" })).toBeNull();
});
