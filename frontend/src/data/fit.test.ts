import { expect, it } from "vitest";

import { foldersOf, type Chosen } from "./chosen";
import { boxes } from "./fit";

it("takes the middle, all with room beside it, or all out of proportion", () => {
  expect(boxes(40, 20, 10, "crop")).toEqual({ source: [10, 0, 20, 20], target: [0, 0, 10, 10] });
  expect(boxes(40, 20, 10, "pad")).toEqual({ source: [0, 0, 40, 20], target: [0, 2, 10, 5] });
  expect(boxes(40, 20, 10, "stretch")).toEqual({ source: [0, 0, 40, 20], target: [0, 0, 10, 10] });
});

it("counts the files of each folder, without those around all of them", () => {
  const chosen = ["a/b/dog/1", "a/b/cat/1", "a/b/cat/2"].map((path): Chosen => ({ path, file: new File([], "x") }));
  expect([...foldersOf(chosen)].map(([folder, files]) => [folder, files.length])).toEqual([["cat", 2], ["dog", 1]]);
});
