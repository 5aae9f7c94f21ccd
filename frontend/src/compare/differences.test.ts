import { describe, expect, it } from "vitest";
import { differences } from "./differences";

const spec = (optimizer: object, more: object = {}) => ({ name: "x", stages: [{ kind: "train", epochs: 3, optimizer }], ...more }) as never;

describe("what tells specs apart", () => {
  it("is nothing for equal specs, whatever they are called", () => {
    expect(differences([spec({ kind: "sgd" }), spec({ kind: "sgd" }, { name: "y" })])).toEqual([]);
  });
  it("is the field alone where the kind is the same, the component where it is not", () => {
    expect(differences([spec({ kind: "sgd", lr: 1 }), spec({ kind: "sgd", lr: 2 })])).toEqual([{ path: "stages[0].optimizer.lr", values: [1, 2] }]);
    const [found] = differences([spec({ kind: "sgd", lr: 1 }), spec({ kind: "adam", lr: 1 })]);
    expect(found).toEqual({ path: "stages[0].optimizer", values: [{ kind: "sgd", lr: 1 }, { kind: "adam", lr: 1 }] });
  });
  it("is the whole list where lengths differ", () => {
    expect(differences([{ a: [1] }, { a: [1, 2] }])).toEqual([{ path: "a", values: [[1], [1, 2]] }]);
  });
});
