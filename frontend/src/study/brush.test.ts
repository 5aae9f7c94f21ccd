import { describe, expect, it } from "vitest";
import type { Figure } from "../api/figure";
import { brushed, withBox } from "./brush";

const figure: Figure = {
  data: [
    { x: [0, 1, null, 0, 1, null], y: [0.1, 0.9, null, 0.8, 0.2, null], customdata: [4, 4, 4, 7, 7, 7], text: ["a", "b", null, "c", "d", null] },
    { x: [0, 1, null], y: [0.85, 0.95, null], customdata: [2, 2, 2] },
  ],
  layout: { shapes: ["axis"] },
  seq: {},
};

describe("a box", () => {
  it("keeps a part of every axis that it covers, whichever way it was drawn", () => {
    expect(withBox({}, { x: [1.4, -0.3], y: [0.9, 0.5] })).toEqual({ 0: [0.5, 0.9], 1: [0.5, 0.9] });
    expect(withBox({ 0: [0, 1] }, { x: [0.2, 0.7], y: [0, 1] })).toEqual({ 0: [0, 1] });
  });
});

describe("brushes", () => {
  it("leave the lines strong that pass through all of them", () => {
    const shown = brushed(figure, { 0: [0.7, 1] });
    expect([shown.kept, shown.all]).toEqual([2, 3]);
    const strong = shown.figure.data.filter(({ opacity }) => opacity === undefined);
    expect(strong.map(({ customdata }) => customdata)).toEqual([[7, 7, null], [2, 2, 2]]);
    const faint = shown.figure.data.find(({ opacity }) => opacity !== undefined);
    expect([faint?.x, faint?.y, faint?.text]).toEqual([[0, 1, null], [0.1, 0.9, null], ["a", "b", null]]);
    expect(brushed(figure, { 0: [0.7, 1], 1: [0.9, 1] }).kept).toBe(1);
    expect(shown.figure.layout.shapes).toHaveLength(2);
  });
  it("change nothing where there are none", () => expect(brushed(figure, {}).figure.data).toEqual(figure.data));
});
