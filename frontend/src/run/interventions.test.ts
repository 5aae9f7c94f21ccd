import { expect, test } from "vitest";
import type { StreamEvent } from "../api/types";
import { judged, made, undoable } from "./interventions";

const event = (seq: number, body: StreamEvent["body"]): StreamEvent => ({ run_id: "r", seq, kind: "command", at: "2026-01-01T00:00:00Z", body });
const set = { kind: "set", state: "obeyed", step: 8, path: "a.b", old: 1, new: 2, by: "ann" };

test("only knobs that were turned are interventions", () => {
  const events = [event(3, set), event(4, { ...set, state: "refused" }), event(5, { kind: "pause", state: "obeyed", step: 9 })];
  expect(made(events)).toEqual([{ seq: 3, step: 8, path: "a.b", old: 1, value: 2, by: "ann", why: "" }]);
});

test("what was said of an intervention is told beside it", () => {
  expect(made([event(3, { ...set, why: "too slow" })])[0]?.why).toBe("too slow");
});

test("what was turned in the stage that trains now can be undone while the run is live", () => {
  const began: StreamEvent = { ...event(4, {}), kind: "stage_began" };
  const [earlier, other, later] = [event(3, set), event(5, { ...set, path: "c" }), event(6, set)];
  const seqs = (state: "running" | "paused" | "stopped", ...events: StreamEvent[]) => undoable({ state }, events).map(({ seq }) => seq);
  expect(seqs("running", earlier, began, other, later)).toEqual([5, 6]);
  expect(seqs("paused", other, later)).toEqual([5, 6]);
  expect(seqs("stopped", other, later)).toEqual([]);
  expect(seqs("running", other, later, event(7, { kind: "next", state: "obeyed", step: 9 }))).toEqual([]);
  expect(seqs("running", other, later, event(7, { kind: "next", state: "refused", step: 9 }))).toEqual([5, 6]);
});

test("a knob that stands where it stood before has nothing to undo", () => {
  expect(undoable({ state: "running" }, [event(3, set), event(5, { ...set, old: 2, new: 1 })]).map(({ seq }) => seq)).toEqual([5]);
});

test("whether it helped is told by the lower validation loss", () => {
  expect(judged({ "validation/loss": 0.1 }, { "validation/loss": 0.25 })).toBe("validation loss 0.1, without it 0.25: it helped");
  expect(judged({ "validation/loss": 0.3 }, { "validation/loss": 0.25 })).toContain("it did not help");
  expect(judged({ "validation/loss": 0.3 }, { "validation/loss": 0.3 })).toContain("it changed nothing");
  expect(judged({}, { "validation/loss": 0.25 })).toBeNull();
});
