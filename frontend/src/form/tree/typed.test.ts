import { describe, expect, it } from "vitest";

import { begin, EMPTY, load, save } from "../spec/draft";
import { numberFrom, seedsFrom, textOf } from "./typed";

describe("what a person types", () => {
  it("is a number where it reads as one and stays text where it does not", () => {
    expect(numberFrom(" 1e-3 ")).toBe(0.001);
    expect(numberFrom("0,5")).toBe(0.5);
    expect(numberFrom("")).toBeUndefined();
    expect(numberFrom("1e")).toBe("1e");
    expect(numberFrom("0x10")).toBe("0x10");
    expect(numberFrom("Infinity")).toBe("Infinity");
    expect(textOf(1e-8)).toBe("1e-8");
  });

  it("is a list of seeds", () => {
    expect(seedsFrom("")).toEqual({ seeds: [] });
    expect(seedsFrom("0, 1, 1 5–7")).toEqual({ seeds: [0, 1, 5, 6, 7] });
    expect(seedsFrom("3-1")).toEqual({ seeds: [] });
    expect(seedsFrom("a")).toHaveProperty("error");
    expect(seedsFrom("0-1000000000")).toHaveProperty("error");
    expect(seedsFrom("-1")).toHaveProperty("error");
  });
});

describe("a draft", () => {
  it("survives a reload", () => {
    const memory = new Map<string, string>();
    const storage = { getItem: (key: string) => memory.get(key) ?? null, setItem: (key: string, value: string) => void memory.set(key, value) };
    expect(load(storage)).toEqual(EMPTY);
    const draft = { text: "a: 1", origin: "template:x", original: "a: 2", seeds: "0" };
    save(storage, draft);
    expect(load(storage)).toEqual(draft);
    memory.set("lathe.draft", '{"text": 3}');
    expect(load(storage)).toEqual(EMPTY);
  });

  it("keeps what was typed when a template is taken, and only then", () => {
    const typed = { ...EMPTY, text: "a: 1" };
    expect(begin("b: 2", "template:x", typed).previous).toEqual(typed);
    expect(begin("b: 2", "template:x", EMPTY).previous).toBeUndefined();
  });
});
