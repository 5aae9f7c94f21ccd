import { describe, expect, it } from "vitest";

import type { Figure } from "../api/figure";
import { withAnswer } from "./answered";
import { emphasize, pickedFrom } from "./emphasize";
import { answer, point, units } from "./making";
import { rowsOf } from "./rows";

describe("what a figure of very many leaves out", () => {
  const axes = { cost: "bytes", quality: "accuracy", units, colors: new Map([["r", "#123456"]]) };
  const drawn = { x: [300], y: [0.9], meta: { role: "artifacts" } as never, customdata: [["r", 0, "a"]], marker: { symbol: "square" } };
  const key = { x: [null], y: [null], meta: { role: "format", format: "file" } as never, marker: { symbol: "cross" } };
  const figure: Figure = { data: [drawn, key], layout: {}, seq: {} };

  it("is drawn when the answer names it, as its format is", () => {
    const rows = rowsOf(answer(["b", "a"]));
    const [, , added] = withAnswer(figure, rows, axes).data;
    expect([added!.x, added!.y, added!["customdata"]]).toEqual([[100], [0.95], [["r", 1, "b"]]]);
    expect(added!["marker"]).toEqual({ color: ["#123456"], size: 7, symbol: "cross" });
    const marked = emphasize(withAnswer(figure, rows, axes), rows, true).data[2]!["marker"] as Record<string, unknown>;
    expect(marked["symbol"]).toEqual(["star"]);
  });

  it("is nothing when the figure has all that the answer names, or it was not measured", () => {
    expect(withAnswer(figure, rowsOf(answer(["a"])), axes)).toBe(figure);
    expect(withAnswer(figure, rowsOf(answer(["a", "c"])), axes)).toBe(figure);
  });

  it("is told as text, whatever it is called", () => {
    const points = [point("d", { accuracy: 1, bytes: 1 }, { run_name: "<b>%{x}" })];
    const [, , added] = withAnswer(figure, rowsOf({ ...answer(["d"]), points }), axes).data;
    expect((added!["text"] as string[])[0]).toContain("&lt;b&gt;%&#123;x} · seed 0");
  });
});

describe("the figure with the answer in it", () => {
  const figure: Figure = {
    data: [
      { x: [100], y: [0.95], name: "front", meta: { role: "front" } as never },
      {
        x: [300, 100, 50], y: [0.9, 0.95, 0.8], text: ["A", "B", "C"], meta: { run: "r", role: "artifacts" } as never,
        customdata: [["r", 0, "a"], ["r", 1, "b"], ["r", 2, "c"]], marker: { opacity: [0.35, 1, 0.35], line: { width: [0, 1.5, 0] } },
      },
    ],
    layout: {},
    seq: {},
  };

  it("makes the best a star and dims what misses", () => {
    const marker = emphasize(figure, rowsOf(answer(["b", "a"])), true).data[1]!["marker"] as Record<string, unknown[]>;
    expect(marker["symbol"]).toEqual(["circle", "star", "circle"]);
    expect(marker["opacity"]!.map((value) => Number(value) === 1)).toEqual([true, true, false]);
  });

  it("leaves the figure's own dimming without a constraint", () => {
    expect(emphasize(figure, rowsOf(answer(["b", "a", "c"])), false).data[1]).toBe(figure.data[1]);
  });

  it("dims what the answer leaves out of many, the front untouched", () => {
    const rows = rowsOf(answer(["b", "a"])).filter(({ artifact }) => artifact !== "a");
    const drawn = emphasize(figure, rows, true);
    const marker = drawn.data[1]!["marker"] as Record<string, number[]>;
    expect(marker["opacity"]!.map((value) => value === 1)).toEqual([false, true, false]);
    expect(drawn.data[0]).toBe(figure.data[0]);
  });

  it("leaves each format its own marker", () => {
    const points = figure.data[1]!;
    const square = { ...points, marker: { ...(points["marker"] as object), symbol: "square" } };
    const marker = emphasize({ ...figure, data: [square] }, rowsOf(answer(["b"])), true).data[0]!["marker"] as Record<string, unknown>;
    expect(marker["symbol"]).toEqual(["square", "star", "square"]);
  });

  it("knows which artifact was clicked", () => {
    expect(pickedFrom(["r", 2, "c"])).toEqual({ run: "r", stage: 2, artifact: "c" });
    expect(pickedFrom("r")).toBeUndefined();
  });
});
