import { expect, test } from "vitest";
import { moved } from "./route";

test("an entry changes places with its neighbour, and the list stays as it was", () => {
  const list = ["prune", "fold", "quantize"];
  expect(moved(list, 0, 1)).toEqual(["fold", "prune", "quantize"]);
  expect(moved(list, 2, -1)).toEqual(["prune", "quantize", "fold"]);
  expect(list).toEqual(["prune", "fold", "quantize"]);
});
