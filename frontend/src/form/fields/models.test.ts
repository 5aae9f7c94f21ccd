import { expect, it } from "vitest";

import type { RunRow } from "../../api/types";
import { models } from "./models";
import { draw, walk, type Leaf } from "../tree/tree";

const run = {
  id: "0123456789",
  name: "Teacher",
  seed: 3,
  stages: [
    { index: 0, kind: "train", label: "train: adam", state: "done" },
    { index: 1, kind: "prune", label: "prune: magnitude", state: "done" },
    { index: 2, kind: "quantize", label: "quantize", state: "pending" },
  ],
} as RunRow;

it("offers a run's last model by its id and the earlier ones by their stage", () => {
  expect(models([run, { ...run, id: "empty", stages: [] }], [""])).toEqual([
    { value: "0123456789", label: "Teacher · seed 3 · 01234567" },
    { value: "0123456789:0", label: "Teacher · seed 3 · 01234567 · after train: adam" },
  ]);
});

it("keeps what the spec names although it is not on the list", () => {
  expect(models([run], ["0123456789", "elsewhere:4"]).at(-1)).toEqual({ value: "elsewhere:4", label: "elsewhere:4" });
});

it("draws a field that names a run, several, or none, as a choice among runs", () => {
  const outline = {
    type: "object",
    properties: {
      one: { type: "string", "x-run": true },
      many: { type: "array", items: { type: "string" }, "x-run": true },
      none: { anyOf: [{ type: "string" }, { type: "null" }], default: null, "x-run": true },
    },
  };
  const leaves = [...walk(draw({}, { outline, catalog: { families: [], entries: [] } }))].slice(1) as Leaf[];
  expect(leaves.map(({ type }) => type)).toEqual(["run", "runs", "run"]);
});
