import { describe, expect, it } from "vitest";

import { stageLink, withGoal } from "./goal";
import type { Catalog, Entry } from "../tree/schema";

const stage = (kind: string, properties: Entry["parameters"]["properties"] = {}): Entry => ({
  family: "stages", kind, summary: "", description: "", parameters: { properties },
});
const catalog: Catalog = { families: [{ name: "stages", summary: "", default: "", examples: ["train"] }], entries: [stage("thin"), stage("squeeze", { goal: { type: "string", "x-constraint": true }, least: { type: "string", "x-measure": true } })] };
const train = { kind: "train", epochs: 3 };

describe("a question as a stage", () => {
  it("follows the trainings before the first compression", () => {
    const spec = { name: "Mine", stages: [train, { kind: "thin" }, train] };
    expect(withGoal(spec, "accuracy > 1%", "bytes", catalog)).toEqual({
      name: "Mine, to a target",
      stages: [train, { kind: "squeeze", goal: "accuracy > 1%", least: "bytes" }],
    });
  });

  it("is none when no stage takes a target", () => {
    expect(withGoal({ stages: [train] }, "x", "bytes", { families: [], entries: [stage("thin")] })).toEqual({ stages: [train] });
  });

  it("is asked for by an address", () => {
    expect(stageLink("r", "accuracy >= 93%", "bytes")).toBe("/new?clone=r&target=accuracy+%3E%3D+93%25&minimize=bytes");
  });
});
