import { expect, test } from "vitest";
import type { Figure } from "../api/figure";
import { csv } from "./export";
import { present, smooth } from "./present";

const steps = Array.from({ length: 60 }, (_, i) => i + 1);
const figure: Figure = {
  data: [
    { x: steps, y: steps.map((i) => i % 2), name: "a", meta: { run: "a", metric: "train/loss" }, opacity: 0.5 },
    { x: steps, y: steps.map((i) => i % 3), name: "strong", meta: { run: "a", metric: "validation/loss" }, opacity: 1 },
    { x: [1, 2], y: [1, 0], name: "b", meta: { run: "b", metric: "train/loss" } },
  ],
  layout: { yaxis: { title: { text: "loss" } }, xaxis: {} },
  seq: {},
};

test("smoothing has no bias at its start, keeps gaps, and approaches the mean", () => {
  expect(smooth([3, 3, 3], 0.9)).toEqual([3, 3, 3].map((value) => expect.closeTo(value, 12)));
  expect(smooth([1, null, 1], 0.5)[1]).toBeNull();
  expect(smooth(steps.map((i) => i % 2), 0.99).at(-1)).toBeCloseTo(0.5, 1);
});

test("the raw curve stays, faint, behind its smoothed one; a strong or short one is left as it is", () => {
  const { data } = present(figure, { smoothing: 0.9 });
  expect(data.map(({ name }) => name)).toEqual(["a", "a", "strong", "b"]);
  expect(data[0]?.y).toEqual(figure.data[0]?.y);
  expect(data[0]?.opacity).toBeLessThan(0.3);
  expect(data[1]?.y).not.toEqual(figure.data[0]?.y);
});

test("the run pointed at stands out, and the figure itself is untouched", () => {
  const before = structuredClone(figure);
  const { data } = present(figure, { highlight: "b", logY: true, legend: false });
  expect(data[0]?.opacity).toBeLessThan(0.2);
  expect(data[2]?.opacity).toBeUndefined();
  expect(figure).toEqual(before);
});

test("a name cannot become a formula in a spreadsheet, nor break its row", () => {
  const named = (name: string) => csv({ data: [{ x: [1], y: [-2], name, meta: null }] }).split("\r\n")[1];
  expect(named("=1+2")).toBe("'=1+2,,,1,-2");
  expect(named('a "b", c')).toBe('"a ""b"", c",,,1,-2');
});

test("outliers do not set the axis when they are ignored", () => {
  const y = steps.map((i) => (i === 30 ? 1e33 : i === 31 ? null : 1));
  const wild: Figure = { data: [{ x: steps, y, meta: { run: "a", metric: "m" } }], layout: { yaxis: {} }, seq: {} };
  const range = (view: object) => (present(wild, view).layout.yaxis as { range?: number[] }).range;
  expect(range({})).toBeUndefined();
  expect(Math.max(...(range({ clip: true }) ?? []))).toBeLessThan(10);
  expect(range({ clip: true, logY: true })).toEqual([-1, 1]);
});

test("many long curves share their points; one alone keeps all of them", () => {
  const x = Array.from({ length: 1400 }, (_, i) => i);
  const long = (n: number): Figure => ({
    data: Array.from({ length: n }, (_, i) => ({ x, y: x.map((at) => (at === 700 ? 9 : 0)), meta: { run: `${i}`, metric: "m" } })),
    layout: {},
    seq: {},
  });
  expect(present(long(1), {}).data[0]?.x).toHaveLength(1400);
  const { data } = present(long(20), {});
  for (const trace of data) {
    expect(trace.x.length).toBeLessThanOrEqual(450);
    expect(trace.y).toContain(9);
    expect(trace.x.at(-1)).toBe(1399);
  }
});
