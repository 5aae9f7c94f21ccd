import { describe, expect, it } from "vitest";

import { editorSchema, forms } from "./example";
import { outlineOf, type Json } from "./schema";
import { slim } from "./slim";
import { draw, effective, walk, type ComponentNode, type Node, type Optional } from "./tree";

const catalogForms = forms(outlineOf(editorSchema));

function at(document: Json, key: string): Node {
  const nodes = [...walk(draw(document, catalogForms))].filter((node) => node.key === key);
  return nodes.at(-1)!;
}

describe("the form of a spec", () => {
  it("shows what is taken when the spec says nothing, and that it is a default", () => {
    const depth = at({ source: { kind: "well" } }, "source.depth_limit");
    expect(depth).toMatchObject({ type: "number", label: "Depth limit", source: "default", fallback: 3, value: undefined });
  });

  it("knows what the spec gives and what is missing", () => {
    expect(at({ source: { kind: "well", depth_limit: 5 } }, "source.depth_limit")).toMatchObject({ source: "given", value: 5 });
    expect(at({ steps: [{ kind: "cut" }] }, "steps[0].share")).toMatchObject({ source: "missing", required: true });
    expect(at({}, "name")).toMatchObject({ source: "missing", type: "text" });
  });

  it("draws a component that the spec does not mention from its default", () => {
    const mover = at({ steps: [{ kind: "go" }] }, "steps[0].mover") as ComponentNode;
    expect(mover).toMatchObject({ type: "component", kind: "walk", source: "default" });
    expect(mover.fields.map((field) => [field.label, field.fallback])).toEqual([["Pace", 0.001]]);
  });

  it("hands a recipe's fields on in the pipeline's order, through an optional part as well", () => {
    const steps: Json[] = [{ kind: "go", mover: { kind: "run", pace: 2 } }, { kind: "cut", share: 0.5, again: {} }, { kind: "go" }];
    const again = at({ steps }, "steps[1].again.mover") as ComponentNode;
    expect(again).toMatchObject({ kind: "run", source: "inherited" });
    expect(again.fields.map((field) => field.fallback)).toEqual([2, false, "long"]);
    expect(at({ steps }, "steps[2].mover")).toMatchObject({ kind: "run", source: "inherited" });
    expect(at({ steps }, "steps[0].rounds")).toMatchObject({ source: "default" });
  });

  it("does not hand on a field that is not marked so", () => {
    expect(at({ steps: [{ kind: "go", rounds: 3 }, { kind: "go" }] }, "steps[1].rounds")).toMatchObject({ fallback: 10 });
  });

  it("draws an optional part with a switch and an optional number as a plain field", () => {
    const off = at({ steps: [{ kind: "cut" }] }, "steps[0].again") as Optional;
    expect(off).toMatchObject({ type: "optional", inner: undefined });
    expect(at({ steps: [{ kind: "cut", again: {} }] }, "steps[0].again.rounds")).toMatchObject({ fallback: 10 });
    expect(at({ steps: [{ kind: "cut" }] }, "steps[0].limit")).toMatchObject({ type: "number", fallback: null });
  });

  it("takes the kind that is usual for the dataset, where its fields make it so", () => {
    const mover = (ground: Json) => at({ ground, steps: [{ kind: "go" }] }, "steps[0].mover");
    expect(mover({ kind: "ground" })).toMatchObject({ kind: "run", source: "default" });
    expect(mover({ kind: "ground", steep: true })).toMatchObject({ kind: "walk", source: "default" });
  });

  it("reads a component that is written as its kind alone", () => {
    const mover = at({ steps: [{ kind: "go", mover: "run" }] }, "steps[0].mover") as ComponentNode;
    expect(mover).toMatchObject({ kind: "run", source: "given" });
    expect(mover.fields.map((field) => field.source)).toEqual(["default", "default", "default"]);
  });

  it("keeps an unknown kind and fills nothing in", () => {
    const source = at({ source: { kind: "wel", depth_limit: 4 } }, "source") as ComponentNode;
    expect(source).toMatchObject({ entry: undefined, kind: "wel", fields: [] });
    expect(effective(source)).toEqual({ kind: "wel", depth_limit: 4 });
  });

  it("comes to the spec with every default filled in", () => {
    const resolved = effective(draw({ name: "n", source: { kind: "well" }, steps: [{ kind: "go", rounds: 2 }] }, catalogForms));
    expect(resolved).toEqual({
      name: "n",
      source: { kind: "well", depth_limit: 3 },
      steps: [{ kind: "go", rounds: 2, mover: { kind: "walk", pace: 0.001 }, weights: [] }],
      measure: { sizes: [1, 64], repeats: 50 },
    });
  });
});

describe("a spec with every default written out", () => {
  const short: Json = {
    name: "n",
    source: { kind: "well", depth_limit: 4 },
    steps: [
      { kind: "go", mover: { kind: "run", pace: 2 } },
      { kind: "cut", share: 0.5, again: { rounds: 2 } },
      { kind: "go", mover: { kind: "walk" }, weights: [{ kind: "stone" }] },
    ],
  };
  const long = effective(draw(short, catalogForms))!;

  it("is cut down to what differs, and comes to the same again", () => {
    expect(slim(long, catalogForms)).toEqual(short);
    expect(effective(draw(slim(long, catalogForms), catalogForms))).toEqual(long);
  });

  it("keeps a field that equals its default where something else would be handed on", () => {
    expect(slim(long, catalogForms)).toMatchObject({ steps: [{}, {}, { mover: { kind: "walk" } }] });
  });
});
