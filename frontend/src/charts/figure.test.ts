import { describe, expect, test } from "vitest";
import type { Figure } from "../api/figure";
import type { StreamEvent } from "../api/types";
import { advance, decimate, lastStep, MOST_POINTS } from "./figure";

const RUN = "a";

function figure(steps: number[], seq = 1): Figure {
  const trace = { x: steps, y: steps.map(value), meta: { run: RUN, metric: "train/loss" }, mode: "lines+markers" };
  return { data: [trace], layout: {}, seq: { [RUN]: seq } };
}

const value = (step: number): number => 1 / step;

function points(seq: number, steps: number[], metric = "train/loss", run = RUN): StreamEvent {
  const columns = { stage: 0, steps, times: steps, metrics: { [metric]: steps.map(value) } };
  return { run_id: run, seq, kind: "points", at: "2026-01-01T00:00:00Z", body: {}, columns };
}

const rewind = (seq: number, step: number): StreamEvent => ({
  run_id: RUN,
  seq,
  kind: "rewind",
  at: "2026-01-01T00:00:00Z",
  body: { step, reason: "the worker was lost" },
  columns: null,
});

const xs = (of: Figure) => of.data[0]?.x;

describe("a figure follows the stream", () => {
  test("points extend their own curve, and the cursor moves", () => {
    const next = advance(figure([1, 2]), [points(2, [3, 4])]);
    expect(xs(next)).toEqual([1, 2, 3, 4]);
    expect(next.data[0]?.y).toEqual([1, 2, 3, 4].map(value));
    expect(next.seq).toEqual({ a: 2 });
    expect(lastStep(next)).toBe(4);
  });

  test("what it already holds changes nothing", () => {
    const before = figure([1, 2, 3, 4], 2);
    expect(advance(before, [points(2, [3, 4])])).toBe(before);
    expect(xs(advance(figure([1, 2, 3, 4], 1), [points(2, [3, 4]), points(3, [5])]))).toEqual([1, 2, 3, 4, 5]);
  });

  test("other runs and other metrics leave its curves alone", () => {
    const before = figure([1, 2]);
    expect(advance(before, [points(9, [3], "train/loss", "b")])).toBe(before);
    const next = advance(before, [points(2, [3], "learning_rate")]);
    expect(next.data).toBe(before.data);
    expect(next.seq).toEqual({ a: 2 });
  });

  test("a rewind withdraws what came after its step, and the replay draws it once", () => {
    const events = [rewind(2, 2), points(3, [3, 4]), points(4, [5])];
    expect(xs(advance(figure([1, 2, 3, 4, 5]), events))).toEqual([1, 2, 3, 4, 5]);
    expect(xs(advance(figure([1, 2, 3, 4, 5]), events.slice(0, 2)))).toEqual([1, 2, 3, 4]);
  });

  test("events that a fetched figure already includes do no harm when they are applied again", () => {
    const events = [points(2, [3, 4]), rewind(3, 2), points(4, [3, 4, 5])];
    const fetched = { ...figure([1, 2, 3, 4, 5]), seq: { [RUN]: 1 } };
    expect(xs(advance(fetched, events))).toEqual([1, 2, 3, 4, 5]);
  });

  test("a value that no axis can show is a gap", () => {
    const event = points(2, [3, 4]);
    (event.columns as { metrics: Record<string, unknown[]> }).metrics["train/loss"] = ["NaN", 0.5];
    expect(advance(figure([1, 2]), [event]).data[0]?.y).toEqual([1, 0.5, null, 0.5]);
  });

  test("markers are for a handful of points", () => {
    const many = Array.from({ length: 50 }, (_, i) => i + 3);
    expect(advance(figure([1, 2]), [points(2, many)]).data[0]?.mode).toBe("lines");
    expect(advance(figure([1, 2]), [points(2, [3])]).data[0]?.mode).toBe("lines+markers");
  });

  test("a long curve keeps its bound, its ends and its spikes", () => {
    let grown = figure([1]);
    for (let seq = 2; seq < 60; seq += 1) {
      const event = points(seq, Array.from({ length: 200 }, (_, i) => (seq - 2) * 200 + i + 2));
      if (seq === 30) (event.columns?.metrics["train/loss"] as number[])[77] = 1000;
      grown = advance(grown, [event]);
    }
    const { x = [], y = [] } = grown.data[0] ?? {};
    expect(x.length).toBeLessThanOrEqual(MOST_POINTS);
    expect(x.at(0)).toBe(1);
    expect(x.at(-1)).toBe(57 * 200 + 201);
    expect(Math.max(...(y as number[]))).toBe(1000);
    expect(x).toEqual([...x].sort((a, b) => (a ?? 0) - (b ?? 0)));
  });
});

describe("decimation", () => {
  const x = Array.from({ length: 10_000 }, (_, i) => i);

  test("short curves stay as they are", () => {
    const y = x.slice(0, 100);
    expect(decimate(y, y).x).toBe(y);
  });

  test("the extremes survive wherever they are", () => {
    for (const at of [0, 1, 4321, 9998, 9999]) {
      const y = x.map((i) => (i === at ? 5 : i === (at + 500) % 10_000 ? -5 : 0));
      const kept = decimate(x, y, 300);
      expect(kept.x.length).toBeLessThanOrEqual(300);
      expect(kept.y).toContain(5);
      expect(kept.y).toContain(-5);
    }
  });

  test("a gap survives", () => {
    const y = x.map((i) => (i === 777 ? null : 1));
    expect(decimate(x, y, 300).y).toContain(null);
  });
});
