import { expect, test } from "vitest";
import { eta, trained } from "./progress";

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
