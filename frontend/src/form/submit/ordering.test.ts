import { describe, expect, it } from "vitest";
import { isExplored, orderings, still } from "./ordering";

describe("exploring orders", () => {
  it("takes two stages or more", () => {
    expect([[], [0], [0, 2]].map(isExplored)).toEqual([false, false, true]);
  });
  it("counts every order", () => {
    expect([0, 1, 2, 3, 4].map(orderings)).toEqual([1, 1, 2, 6, 24]);
  });
  it("forgets stages that were removed", () => {
    expect(still([1, 2, 5], 3)).toEqual([1, 2]);
  });
});
