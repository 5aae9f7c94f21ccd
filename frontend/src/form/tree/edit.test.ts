import { describe, expect, it } from "vitest";

import { apply, parse, write } from "../spec/document";
import { choose, insert, move, remove, set, toggle, unset, type Edit } from "./edit";
import { answerTo, editorSchema, forms } from "./example";
import { outlineOf, type Json } from "./schema";
import { draw, walk, type Answer, type ComponentNode, type Group, type ListNode, type Node, type Optional } from "./tree";

const catalogForms = forms(outlineOf(editorSchema));

function change(document: Json, edit: (root: Group, find: <T extends Node>(key: string, type?: string) => T) => Edit, answer?: Answer): Json {
  const root = draw(document, catalogForms, answer);
  const find = <T extends Node>(key: string, type?: string) =>
    [...walk(root)].find((node) => node.key === key && (!type || node.type === type)) as T;
  return parse(apply(write(document), [edit(root, find)])).value!;
}

describe("a change in the form", () => {
  it("writes only what was changed", () => {
    expect(change({ source: { kind: "well" } }, (root) => set(root, ["source", "depth_limit"], 5))).toEqual({
      source: { kind: "well", depth_limit: 5 },
    });
  });

  it("names the component that was only implied, and nothing else of it", () => {
    const after = change({ steps: [{ kind: "go" }] }, (root) => set(root, ["steps", 0, "mover", "pace"], 2));
    expect(after).toEqual({ steps: [{ kind: "go", mover: { kind: "walk", pace: 2 } }] });
  });

  it("gives a component that was written as its kind alone room for a field", () => {
    const after = change({ steps: [{ kind: "go", mover: "run" }] }, (root) => set(root, ["steps", 0, "mover", "pace"], 2));
    expect(after).toEqual({ steps: [{ kind: "go", mover: { kind: "run", pace: 2 } }] });
  });

  it("keeps what was handed on when one field of it is changed", () => {
    const steps: Json[] = [{ kind: "go", mover: { kind: "run", pace: 2 } }, { kind: "go" }];
    const inherited = answerTo({ steps }, {
      "steps[1].kind": ["given", "go"],
      "steps[1].mover": ["inherited", { kind: "run", pace: 2, shoes: false, style: "long" }],
      "steps[1].mover.kind": ["inherited", "run"],
      "steps[1].mover.pace": ["inherited", 2, 0.001],
    });
    const after = change({ steps }, (root) => set(root, ["steps", 1, "mover", "shoes"], true), inherited);
    expect(after).toEqual({ steps: [steps[0]!, { kind: "go", mover: { kind: "run", pace: 2, shoes: true } }] });
  });

  it("writes a group only as far as it differs, and takes it away when nothing is left", () => {
    const after = change({ name: "n" }, (root) => set(root, ["measure", "repeats"], 20));
    expect(after).toEqual({ name: "n", measure: { repeats: 20 } });
    expect(change(after, (root) => unset(root, ["measure", "repeats"]))).toEqual({ name: "n" });
  });

  it("leaves an optional part on when its last field is reset", () => {
    const steps: Json[] = [{ kind: "cut", share: 0.5, again: { rounds: 3 } }];
    const after = change({ steps }, (root) => unset(root, ["steps", 0, "again", "rounds"]));
    expect(after).toEqual({ steps: [{ kind: "cut", share: 0.5, again: {} }] });
  });

  it("switches an optional part on and off", () => {
    const off = { steps: [{ kind: "cut", share: 0.5 }] };
    const on = change(off, (root, find) => toggle(root, find<Optional>("steps[0].again", "optional"), true, catalogForms));
    expect(on).toEqual({ steps: [{ kind: "cut", share: 0.5, again: {} }] });
    expect(change(on, (root, find) => toggle(root, find<Optional>("steps[0].again", "optional"), false, catalogForms))).toEqual(off);
  });

  it("changes the kind and keeps fields of the same name", () => {
    const steps: Json[] = [{ kind: "go", mover: { kind: "run", pace: 2, shoes: true } }];
    const after = change({ steps }, (root, find) => choose(root, find<ComponentNode>("steps[0].mover"), "walk", catalogForms));
    expect(after).toEqual({ steps: [{ kind: "go", mover: { kind: "walk", pace: 2 } }] });
  });

  it("adds, moves and removes entries of a list", () => {
    const stages: { steps: Json[] } = { steps: [{ kind: "go" }, { kind: "cut", share: 0.1 }] };
    const list = (find: <T extends Node>(key: string) => T) => find<ListNode>("steps");
    expect(change(stages, (root, find) => insert(root, list(find), { kind: "go" }))).toEqual({
      steps: [...stages.steps, { kind: "go" }],
    });
    expect(change(stages, (root, find) => move(root, list(find), 1, 0))).toEqual({ steps: [...stages.steps].reverse() });
    expect(change(stages, (root, find) => remove(root, list(find), 0))).toEqual({ steps: [stages.steps[1]!] });
  });

  it("writes a handed-on list out before it changes it", () => {
    const steps: Json[] = [{ kind: "go", weights: [{ kind: "stone", mass: 2 }] }, { kind: "go" }];
    const inherited = answerTo({ steps }, {
      "steps[1].kind": ["given", "go"],
      "steps[1].weights": ["inherited", [{ kind: "stone", mass: 2 }]],
      "steps[1].weights[0].kind": ["inherited", "stone"],
      "steps[1].weights[0].mass": ["inherited", 2, 1],
    });
    const after = change({ steps }, (root, find) => insert(root, find<ListNode>("steps[1].weights"), { kind: "stone" }), inherited);
    expect(after).toEqual({ steps: [steps[0]!, { kind: "go", weights: [{ kind: "stone", mass: 2 }, { kind: "stone" }] }] });
  });
});
