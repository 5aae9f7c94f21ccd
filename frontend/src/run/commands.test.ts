import { expect, test } from "vitest";
import type { StreamEvent } from "../api/types";
import { judged, made, parameterChanges, undoable } from "./commands";

const event = (seq: number, body: StreamEvent["body"]): StreamEvent => ({ run_id: "r", seq, kind: "command", at: "2026-01-01T00:00:00Z", body });
const set = { kind: "set", state: "obeyed", step: 8, path: "a.b", old: 1, new: 2, by: "ann" };

test("only what changed the run and was obeyed is a command", () => {
  const events = [event(3, set), event(4, { ...set, state: "refused" }), event(5, { kind: "pause", state: "obeyed", step: 9 })];
  expect(made(events)).toEqual([{ seq: 3, step: 8, text: "a.b 1 → 2", path: "a.b", old: 1, value: 2, by: "ann", why: "" }]);
});

test("ends of trainings and other stages are commands too, in order, and no turns", () => {
  const began: StreamEvent = { ...event(2, { stage: 0, kind: "train" }), kind: "stage_began" };
  const [next, stages] = [{ kind: "next", state: "obeyed", step: 9, by: "ann" }, { kind: "stages", state: "obeyed", step: 8, by: "ann" }];
  const [prune, quantize] = [{ kind: "prune" }, { kind: "quantize" }];
  const events = [began, event(3, { ...stages, stages: [{ kind: "train" }, quantize], old: [prune, quantize], new: [quantize] }), event(4, set), event(5, next)];
  expect(made(events).map(({ text }) => text)).toEqual(["stages: prune, quantize → quantize", "a.b 1 → 2", "ended train"]);
  expect(made([event(3, { ...stages, stages: [quantize], old: [quantize], new: [] })])[0]?.text).toBe("stages: quantize → none");
  expect(made([event(3, { ...stages, stages: [prune, quantize] })])[0]?.text).toBe("stages: ? → prune, quantize");
  expect(parameterChanges(events)).toHaveLength(1);
});

test("what was said of a command is told beside it", () => {
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

test("a live parameter that stands where it stood before has nothing to undo", () => {
  expect(undoable({ state: "running" }, [event(3, set), event(5, { ...set, old: 2, new: 1 })]).map(({ seq }) => seq)).toEqual([5]);
});

test("whether it helped is told by the lower validation loss", () => {
  expect(judged({ "validation/loss": 0.1 }, { "validation/loss": 0.25 })).toBe("validation loss 0.1, without it 0.25: it helped");
  expect(judged({ "validation/loss": 0.3 }, { "validation/loss": 0.25 })).toContain("it did not help");
  expect(judged({ "validation/loss": 0.3 }, { "validation/loss": 0.3 })).toContain("it changed nothing");
  expect(judged({}, { "validation/loss": 0.25 })).toBeNull();
});
