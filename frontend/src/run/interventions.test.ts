import { expect, test } from "vitest";
import type { StreamEvent } from "../api/types";
import { judged, made } from "./interventions";

const event = (seq: number, body: StreamEvent["body"]): StreamEvent => ({ run_id: "r", seq, kind: "command", at: "2026-01-01T00:00:00Z", body });
const set = { kind: "set", state: "obeyed", step: 8, path: "a.b", old: 1, new: 2, by: "ann" };

test("only knobs that were turned are interventions", () => {
  const events = [event(3, set), event(4, { ...set, state: "refused" }), event(5, { kind: "pause", state: "obeyed", step: 9 })];
  expect(made(events)).toEqual([{ seq: 3, step: 8, path: "a.b", old: "1", value: "2", by: "ann" }]);
});

test("whether it helped is told by the lower validation loss", () => {
  expect(judged({ "validation/loss": 0.1 }, { "validation/loss": 0.25 })).toBe("validation loss 0.1, without it 0.25: it helped");
  expect(judged({ "validation/loss": 0.3 }, { "validation/loss": 0.25 })).toContain("it did not help");
  expect(judged({ "validation/loss": 0.3 }, { "validation/loss": 0.3 })).toContain("it changed nothing");
  expect(judged({}, { "validation/loss": 0.25 })).toBeNull();
});
