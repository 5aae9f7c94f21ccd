import { describe, expect, it } from "vitest";
import { bounds, polyline } from "./shapes";

const frame = { width: 20, height: 10, margin: 0 };

describe("a picture's lines", () => {
  it("fill their frame together, more being further up", () => {
    const lines = [{ x: [0, 2], y: [0, 4], faint: false }, { x: [1, 4], y: [2, 2], faint: true }];
    const around = bounds(lines);
    expect(around).toEqual({ x: [0, 4], y: [0, 4] });
    expect(polyline(lines[0]!, around, frame)).toBe("0.0,10.0 10.0,0.0");
  });
  it("stay in the middle when they are flat", () => {
    const flat = { x: [0, 1], y: [3, 3], faint: false };
    expect(polyline(flat, bounds([flat]), frame)).toBe("0.0,5.0 20.0,5.0");
  });
});
