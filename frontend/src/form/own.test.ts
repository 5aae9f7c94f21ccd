import { expect, it } from "vitest";

import { beginning, ownDataset } from "./own";
import type { Catalog, Mapping } from "./schema";
import { draw, walk, type Leaf } from "./tree";

const entry = (family: string, kind: string, more: object = {}) => ({
  family, kind, summary: "", description: "", parameters: { type: "object", properties: {} }, ...more,
});

const catalog: Catalog = {
  families: [],
  entries: [
    entry("datasets", "well"),
    entry("datasets", "mine", {
      parameters: {
        type: "object",
        properties: {
          which: { type: "string", default: "", "x-upload": "id" },
          goal: { anyOf: [{ type: "string" }, { type: "null" }], default: null, "x-upload": "target" },
          without: { type: "array", items: { type: "string" }, default: [], "x-upload": "ignore" },
          share: { type: "number", default: 0.1, "x-upload": "test" },
        },
      },
    }),
    entry("models", "eye", { needs: ["image"] }),
    entry("models", "plain", { needs: ["real"] }),
  ],
};

const templates: Mapping[] = [
  { name: "a", model: { kind: "eye" }, stages: [{ kind: "go", rounds: 3 }, { kind: "cut" }] },
  { name: "b", model: "plain", stages: [{ kind: "go" }] },
];

it("finds the dataset that takes uploads by its mark", () => {
  expect(ownDataset(catalog)).toMatchObject({ entry: { kind: "mine" }, field: "which" });
  expect(ownDataset({ families: [], entries: [] })).toBeUndefined();
});

it("begins with the first template whose model fits the data, and with its first stage", () => {
  const dataset = { kind: "mine", which: "1" };
  expect(beginning("x", dataset, ["real", "image"], templates, catalog)).toEqual({
    name: "x", dataset, model: { kind: "eye" }, stages: [{ kind: "go", rounds: 3 }],
  });
  expect(beginning("x", dataset, ["real"], templates, catalog)).toEqual({ name: "x", dataset, model: "plain", stages: [{ kind: "go" }] });
  expect(beginning("x", dataset, [], templates, catalog)).toEqual({ name: "x", dataset, stages: [] });
});

it("draws what is said of an upload as choices among uploads and columns", () => {
  const outline = { type: "object", properties: { data: { "x-family": "datasets", default: { kind: "mine" } } } };
  const leaves = [...walk(draw({}, { outline, catalog }))].slice(2) as Leaf[];
  expect(leaves.map(({ type }) => type)).toEqual(["upload", "column", "columns", "number"]);
});
