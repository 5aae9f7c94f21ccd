import { expect, it } from "vitest";

import type { UploadDetail } from "../api/types";
import { classesOf, filesOf, splitOf, targetOf, typeOf } from "./describe";

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

it("tells of picture files their formats, colours and sizes, and of other things only those that are there", () => {
  const files = { formats: { JPEG: 1200, PNG: 2 }, colours: { RGB: 1202 }, least: [20, 30], median: [64, 64], greatest: [4000, 3000] };
  const of = (more: object) => filesOf({ ...facts("arrays", null), files: { ...files, ...more } } as unknown as UploadDetail["facts"]);
  const none = { fit: "pad", turned: 0, repeated: 0, shared: 0, dust: 0 } as const;
  const found = ["1,200 JPEG, 2 PNG", "1,202 RGB", "from 20 × 30 to 4,000 × 3,000, median 64 × 64", "other shapes padded with black"];
  expect(of(none)).toEqual(found);
  const more = ["1 picture turned as EXIF says", "2 pictures the same as another", "3 pictures held out that training has, too", "4 files of the system ignored"];
  expect(of({ ...none, turned: 1, repeated: 2, shared: 3, dust: 4 })).toEqual([...found, ...more]);
});

it("says what was done with other shapes unless there were none", () => {
  const files = { formats: { PNG: 2 }, colours: { grey: 2 }, least: [30, 20], greatest: [30, 20], median: [30, 20], fit: "crop" };
  const of = (shape: number[]) => filesOf({ files, inputs: { shape } } as unknown as UploadDetail["facts"]);
  expect(of([1, 20, 30])).toEqual(["2 PNG", "2 grey", "30 × 20"]);
  expect(of([1, 32, 32])).toEqual(["2 PNG", "2 grey", "30 × 20", "other shapes cropped to their middle"]);
});

it("says which parts of a split came with the data", () => {
  expect(splitOf({ train: 8, validation: 2, test: 0, column: "part" })).toBe("its own split in column part: 8 for training, 2 for validation, the test drawn from training");
});
