import { describe, expect, it } from "vitest";

import { answerTo, editorSchema, forms } from "./example";
import { outlineOf, type Json } from "./schema";
import { slim } from "./slim";
import { draw, effective, walk, type Answer, type ComponentNode, type Node, type Optional } from "./tree";

const catalogForms = forms(outlineOf(editorSchema));

function at(document: Json, key: string, answer?: Answer): Node {
  const nodes = [...walk(draw(document, catalogForms, answer))].filter((node) => node.key === key);
  return nodes.at(-1)!;
}

describe("the form of a spec, before it is answered", () => {
  it("knows what the spec gives and what is missing", () => {
    expect(at({ source: { kind: "well", depth_limit: 5 } }, "source.depth_limit")).toMatchObject({ type: "number", label: "Depth limit", source: "given", value: 5 });
    expect(at({ steps: [{ kind: "cut" }] }, "steps[0].share")).toMatchObject({ source: "missing", required: true });
    expect(at({}, "name")).toMatchObject({ source: "missing", type: "text" });
  });

  it("shows the schemas' own defaults", () => {
    expect(at({ source: { kind: "well" } }, "source.depth_limit")).toMatchObject({ source: "default", implied: 3, value: undefined });
    const mover = at({ steps: [{ kind: "go" }] }, "steps[0].mover") as ComponentNode;
    expect(mover).toMatchObject({ type: "component", kind: "walk", source: "default" });
    expect(mover.fields.map((field) => [field.label, field.implied])).toEqual([["Pace", 0.001]]);
  });

  it("draws an optional part with a switch and an optional number as a plain field", () => {
    const off = at({ steps: [{ kind: "cut" }] }, "steps[0].again") as Optional;
    expect(off).toMatchObject({ type: "optional", inner: undefined });
    expect(at({ steps: [{ kind: "cut", again: {} }] }, "steps[0].again.rounds")).toMatchObject({ implied: 10 });
    expect(at({ steps: [{ kind: "cut" }] }, "steps[0].limit")).toMatchObject({ type: "number", implied: null });
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
});

const RUN = { kind: "run", pace: 2, shoes: false, style: "long" };
const steps: Json[] = [{ kind: "go", mover: { kind: "run", pace: 2 } }, { kind: "cut", share: 0.5 }, { kind: "go" }];
const answer = answerTo({ steps }, {
  "steps[0].kind": ["given", "go"],
  "steps[0].mover": ["given", RUN, { kind: "walk", pace: 0.001 }],
  "steps[0].mover.kind": ["given", "run"],
  "steps[0].mover.pace": ["given", 2, 0.5],
  "steps[0].mover.style": ["default", "short"],
  "steps[1].kind": ["given", "cut"],
  "steps[2].kind": ["given", "go"],
  "steps[2].mover": ["inherited", RUN],
  "steps[2].mover.kind": ["inherited", "run"],
  "steps[2].mover.pace": ["inherited", 2, 0.001],
});

describe("the form of a spec that was answered", () => {
  it("shows what the server says is taken, and from where", () => {
    const mover = at({ steps }, "steps[2].mover", answer) as ComponentNode;
    expect(mover).toMatchObject({ kind: "run", source: "inherited", value: undefined });
    expect(mover.fields.map((field) => field.implied)).toEqual([2, false, "long"]);
    expect(at({ steps }, "steps[0].mover.style", answer)).toMatchObject({ source: "default", implied: "short" });
    expect(at({ steps }, "steps[0].mover.pace", answer)).toMatchObject({ source: "given", value: 2, implied: 0.5 });
  });

  it("shows at once what was typed since, and for the rest what was last answered", () => {
    const typed = [{ kind: "go", mover: { kind: "run", pace: 7 } }, steps[1]!, steps[2]!];
    expect(at({ steps: typed }, "steps[0].mover.pace", answer)).toMatchObject({ source: "given", value: 7, implied: 0.5 });
    expect(at({ steps: typed }, "steps[0].mover.style", answer)).toMatchObject({ implied: "short" });
    expect(at({ steps: typed }, "steps[2].mover", answer)).toMatchObject({ kind: "run", source: "inherited" });
    const reset = [{ kind: "go", mover: { kind: "run" } }];
    expect(at({ steps: reset }, "steps[0].mover.pace", answer)).toMatchObject({ source: "default", implied: 0.5 });
  });

  it("keeps with an entry that moved what was answered of it", () => {
    const moved = [steps[1]!, steps[0]!, steps[2]!];
    expect(at({ steps: moved }, "steps[1].mover.style", answer)).toMatchObject({ implied: "short" });
    const removed = [steps[1]!, steps[2]!];
    expect(at({ steps: removed }, "steps[1].mover", answer)).toMatchObject({ kind: "run", source: "inherited" });
  });

  it("does not take what was answered of one kind for another", () => {
    const other = [{ kind: "go", mover: { kind: "walk" } }];
    expect(at({ steps: other }, "steps[0].mover.pace", answer)).toMatchObject({ implied: 0.001 });
    expect(at({ steps: [{ kind: "cut", share: 1 }] }, "steps[0].again", answer)).toMatchObject({ type: "optional", inner: undefined });
  });
});

describe("a spec with every default written out", () => {
  const long = { steps: [{ kind: "go", rounds: 10, mover: RUN }, { kind: "go", rounds: 10, mover: RUN }] };
  const description = answerTo(long, {
    "steps[0].kind": ["given", "go"],
    "steps[0].rounds": ["given", 10, 10],
    "steps[0].mover": ["given", RUN, { kind: "walk", pace: 0.001 }],
    "steps[0].mover.kind": ["given", "run"],
    "steps[0].mover.shoes": ["given", false, false],
    "steps[0].mover.style": ["given", "long", "long"],
    "steps[1].kind": ["given", "go"],
    "steps[1].rounds": ["given", 10, 10],
    "steps[1].mover": ["given", RUN, RUN],
  });

  it("is cut down to what would not be taken anyway", () => {
    expect(slim(draw(long, catalogForms, description))).toEqual({ steps: [{ kind: "go", mover: { kind: "run", pace: 2 } }, { kind: "go" }] });
  });

  it("keeps a field that equals its schema's default where something else would be handed on", () => {
    const walking = { kind: "walk", pace: 0.001 };
    const document = { steps: [long.steps[0]!, { kind: "go", mover: walking }] };
    const handed = { ...description.fields, "steps[1].mover": { source: "given" as const, value: walking, required: false, fallback: RUN } };
    expect(slim(draw(document, catalogForms, { document, fields: handed }))).toMatchObject({ steps: [{}, { mover: { kind: "walk" } }] });
  });
});
