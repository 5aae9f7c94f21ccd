import { describe, expect, it } from "vitest";
import type { VariableField } from "../api/studies";
import { choicesOf, entryFrom, offers, placeFor, spaceOf, withKind, written } from "./space";

const field = (path: string, dimension: Partial<VariableField["dimension"]> = { low: 1, high: 2 }): VariableField => ({
  path, title: path, component: "", description: "", unit: "", value: 1, suggested: false, dimension: { field: path, log: false, integer: false, ...dimension },
});

describe("a draft's space", () => {
  it("is read whatever is in it", () => {
    expect(spaceOf({ space: [{ field: "a", low: "1e-", high: 1, log: true }, { field: "b", choice: [1], when: { field: "c" } }, "half"] })).toEqual([
      { field: "a", low: "1e-", high: 1, log: true },
      { field: "b", choice: [1], when: { field: "c", among: [] } },
      { field: "" },
    ]);
    expect(spaceOf(undefined)).toEqual([]);
    expect(spaceOf({ space: 3 })).toEqual([]);
  });
  it("is written without what is left out", () => {
    expect(written({ field: "a", low: 1, high: 2, log: false })).toEqual({ field: "a", low: 1, high: 2 });
    expect(written({ field: "a", choice: [1] })).toEqual({ field: "a", choice: [1] });
  });
});

describe("a field that is added", () => {
  it("comes with what is proposed for it", () => {
    expect(entryFrom(field("lr", { low: 0.001, high: 0.1, log: true }))).toEqual({ field: "lr", low: 0.001, high: 0.1, log: true });
    expect(entryFrom({ ...field("m", { choice: ["a"] }), when: { field: "o", among: ["x"] } })).toEqual({ field: "m", choice: ["a"], when: { field: "o", among: ["x"] } });
  });
  it("stands before the fields that belong to it", () => {
    const space = [{ field: "seed" }, { field: "optimizer.lr" }, { field: "epochs" }];
    expect([placeFor("optimizer", space), placeFor("width", space)]).toEqual([1, 3]);
  });
});

describe("what may be added", () => {
  const base = [field("epochs"), field("optimizer"), field("optimizer.lr"), field("optimizer.momentum")];
  const kinds = new Map([["sgd", [field("optimizer.lr"), field("optimizer.momentum")]], ["adam", [field("optimizer.lr"), field("optimizer.beta1"), field("epochs")]]]);
  it("has a condition where only some of the components know the field", () => {
    const found = offers(base, new Map([["optimizer", kinds]]));
    expect(found.map(({ path, when }) => [path, when?.among])).toEqual([
      ["epochs", undefined], ["optimizer", undefined], ["optimizer.lr", undefined], ["optimizer.momentum", ["sgd"]], ["optimizer.beta1", ["adam"]],
    ]);
  });
  it("leaves out what no component of the space knows", () => {
    const found = offers(base, new Map([["optimizer", new Map([["adam", [field("optimizer.lr")]]])]]));
    expect(found.map(({ path }) => path)).not.toContain("optimizer.momentum");
  });
});

it("choices are those proposed and those written by hand, a component known by its kind", () => {
  const entry = { field: "o", choice: ["adam", { kind: "mine", lr: 1 }] };
  expect(choicesOf(entry, [{ kind: "sgd" }, { kind: "adam" }])).toEqual([{ kind: "sgd" }, "adam", { kind: "mine", lr: 1 }]);
});

it("a component of the spec is replaced by another", () => {
  expect(withKind({ stages: [{ kind: "train", optimizer: "sgd" }] }, "stages[0].optimizer", "adam")).toEqual({ stages: [{ kind: "train", optimizer: { kind: "adam" } }] });
});
