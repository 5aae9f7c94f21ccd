import { describe, expect, it } from "vitest";

import { difference, marksOf } from "./marks";

const TEXT = "name: x\nsteps:\n  - kind: go\n    pace: 99\n";

function marked(path: string): string {
  const [mark] = marksOf(TEXT, [{ path, message: "is wrong." }]);
  return mark ? TEXT.slice(mark.from, mark.to) : "";
}

describe("a mark in the text", () => {
  it("is under the value that the problem is about", () => {
    expect(marked("steps[0].pace")).toBe("99");
    expect(marked("name")).toBe("x");
  });

  it("is under the first line of what is around it when it is not written", () => {
    expect(marked("steps[0].shoes")).toBe("kind: go");
    expect(marked("nowhere")).toBe("");
  });

  it("is where the text stops being YAML", () => {
    const [mark] = marksOf("a: 1\nb: [1, 2\nc: 3\n", [{ path: "", message: "" }]);
    expect(mark!.from).toBeGreaterThan(4);
    expect(mark!.message).not.toBe("");
  });
});

describe("the difference of two texts", () => {
  it("is the smallest replacement", () => {
    expect(difference("pace: 1.0", "pace: 2.0")).toEqual({ from: 6, to: 7, insert: "2" });
    expect(difference("aa", "aaa")).toEqual({ from: 2, to: 2, insert: "a" });
    expect(difference("aaa", "aa")).toEqual({ from: 2, to: 3, insert: "" });
    expect(difference("same", "same")).toBeUndefined();
  });

  it("makes the one of the other", () => {
    for (const [before, after] of [["", "x"], ["abcabc", "abc"], ["one two", "one three two"], ["x", ""]] as const) {
      const change = difference(before, after)!;
      expect(before.slice(0, change.from) + change.insert + before.slice(change.to)).toBe(after);
    }
  });
});
