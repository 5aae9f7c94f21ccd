import { expect, test } from "vitest";
import type { StreamEvent } from "../api/types";
import { Ring } from "./ring";

const event = (seq: number): StreamEvent => ({ run_id: "a", seq, kind: "log", at: "", body: {}, columns: null });
const seqs = (events: StreamEvent[] | null) => events?.map(({ seq }) => seq);

test("events are held in order from the cursor on", () => {
  const ring = new Ring(4);
  expect([5, 6, 7].map((seq) => ring.take(event(seq)))).toEqual([true, true, true]);
  expect(ring.seen).toBe(7);
  expect(seqs(ring.after(5))).toEqual([6, 7]);
  expect(seqs(ring.after(7))).toEqual([]);
});

test("an event that was seen is not taken twice", () => {
  const ring = new Ring(4);
  ring.take(event(5));
  expect(ring.take(event(5))).toBe(true);
  expect(ring.take(event(3))).toBe(true);
  expect(seqs(ring.after(4))).toEqual([5]);
});

test("a gap is told, and what came before it is not handed out as if it were whole", () => {
  const ring = new Ring(4);
  ring.take(event(5));
  expect(ring.take(event(8))).toBe(false);
  expect(ring.after(5)).toBeNull();
  expect(seqs(ring.after(7))).toEqual([8]);
});

test("what is no longer held is not handed out", () => {
  const ring = new Ring(0);
  for (let seq = 1; seq <= 2000; seq += 1) ring.take(event(seq));
  expect(ring.after(10)).toBeNull();
  expect(seqs(ring.after(1998))).toEqual([1999, 2000]);
});
