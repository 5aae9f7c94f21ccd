import { describe, expect, it } from "vitest";

import { moved, opened, without } from "./openness";

describe("open cards", () => {
  it("stay open with their entries when these move", () => {
    expect(moved([true, false, false], 0, 2)).toEqual([false, false, true]);
    expect(moved([true], 1, 0)).toEqual([false, true]);
    expect(without([true, false, true], 1)).toEqual([true, true]);
    expect(opened([], 2)).toHaveLength(3);
    expect(opened([true], 0, false)).toEqual([false]);
  });
});
