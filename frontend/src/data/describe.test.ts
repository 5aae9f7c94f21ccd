import { expect, it } from "vitest";

import type { UploadDetail } from "../api/types";
import { classesOf, targetOf, typeOf } from "./describe";

const column = (name: string, counts: Record<string, number> | null = null) => ({ name, type: "text", counts }) as UploadDetail["facts"]["columns"][number];
const facts = (kind: string, target: string | null) => ({ kind, target, columns: [column("a"), column("b")] }) as UploadDetail["facts"];

it("takes a table's last column for the target, all that came beside arrays, or what was said", () => {
  expect(targetOf(facts("table", null))).toEqual(["b"]);
  expect(targetOf(facts("arrays", null))).toEqual(["a", "b"]);
  expect(targetOf(facts("table", "a"))).toEqual(["a"]);
});

it("counts classes, the most frequent first", () => {
  expect(classesOf(column("y", { low: 2, high: 3000 }))).toBe("2: high 3,000, low 2");
  expect(classesOf(column("y", Object.fromEntries([..."abcdefgh"].map((label) => [label, 1]))))).toBe("8: a 1, b 1, c 1, d 1, e 1, f 1, …");
  expect(classesOf(column("y"))).toBe("many");
});

it("says what a column holds, and in which unit", () => {
  const made = (fields: object) => typeOf({ name: "x", ...fields } as UploadDetail["facts"]["columns"][number]);
  expect(made({ type: "number", whole: true })).toBe("whole number");
  expect(made({ type: "number", unit: "seconds since midnight" })).toBe("seconds since midnight");
  expect(made({ type: "text" })).toBe("text");
  expect(made({ type: "text", prose: true, median_words: 12, most_words: 1040 })).toBe("text of 12 words (median, 1,040 at most), to be learnt from");
});
