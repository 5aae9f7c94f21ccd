import { expect, test } from "vitest";
import { duration } from "../format";
import { eta, remaining, trained } from "./progress";

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
