import { describe, expect, it } from "vitest";
import type { Catalog } from "../form/tree/schema";
import { describeSpec, studyOf } from "./beginning";

const catalog = { families: [], entries: [{ family: "datasets", kind: "digits", summary: "", description: "", parameters: {}, provides: [{ trait: "classes" }] }] } as Catalog;

describe("a study of a spec", () => {
  it("has the default objective of its data, nothing varied and an end", () => {
    expect(studyOf({ name: "Mine", dataset: "digits" }, catalog)).toEqual({
      name: "Study of Mine", spec: { name: "Mine", dataset: "digits" }, space: [], objectives: [{ measure: "validation/accuracy" }], budget: { trials: 20 },
    });
    expect(studyOf({ dataset: { kind: "other" } }, catalog)["objectives"]).toEqual([{ measure: "validation/loss" }]);
  });
  it("has a name that is not too long", () => expect(String(studyOf({ name: "x".repeat(200) }, catalog)["name"])).toHaveLength(150));
});

it("a spec is told by its data, its model and its stages", () => {
  expect(describeSpec({ dataset: "digits", model: { kind: "mlp" }, stages: [{ kind: "train" }, "static_int8"] })).toBe("digits · mlp · train, static int8");
  expect(describeSpec(undefined)).toBe("");
});
