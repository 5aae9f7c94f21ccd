import { describe, expect, it } from "vitest";
import type { Dimension } from "../api/studies";
import { applied, filled, holds, describeRange, takes } from "./assign";

const OPTIMIZER: Dimension = { field: "optimizer", choice: [{ kind: "sgd" }, { kind: "adam" }], log: false, integer: false };
const RATE: Dimension = { field: "optimizer.lr", low: 0.0001, high: 1, log: true, integer: false };
const MOMENTUM: Dimension = { field: "optimizer.momentum", low: 0, high: 0.9, log: false, integer: false, when: { field: "optimizer", among: ["sgd"] } };
const EPOCHS: Dimension = { field: "epochs", low: 2, high: 5, log: false, integer: true };
const SPACE = [OPTIMIZER, RATE, MOMENTUM, EPOCHS];

describe("a condition", () => {
  it("means a component by its kind, or the value itself", () => {
    expect(holds(MOMENTUM.when, { optimizer: { kind: "sgd", lr: 1 } })).toBe(true);
    expect(holds(MOMENTUM.when, { optimizer: "sgd" })).toBe(true);
    expect(holds(MOMENTUM.when, { optimizer: { kind: "adam" } })).toBe(false);
    expect(holds({ field: "fast", among: [true] }, { fast: true })).toBe(true);
  });
  it("is not met by a field that is left out itself", () => expect(holds(MOMENTUM.when, {})).toBe(false));
});

describe("a field", () => {
  it("takes what lies in its range or among its choices", () => {
    expect([takes(RATE, 1), takes(RATE, 1.01), takes(RATE, "1")]).toEqual([true, false, false]);
    expect([takes(EPOCHS, 3), takes(EPOCHS, 3.5)]).toEqual([true, false]);
    expect([takes(OPTIMIZER, { kind: "adam" }), takes(OPTIMIZER, "adam")]).toEqual([true, false]);
  });
});

describe("a trial to try next", () => {
  it("begins with the best one, and with the middle where that has nothing to say", () => {
    expect(filled(SPACE, { optimizer: { kind: "sgd" }, "optimizer.lr": 0.5, epochs: 9 })).toEqual({
      optimizer: { kind: "sgd" }, "optimizer.lr": 0.5, "optimizer.momentum": 0.45, epochs: 4,
    });
    expect(filled([RATE], {})).toEqual({ "optimizer.lr": 0.01 });
  });
  it("drops a field whose condition is no longer met, and keeps what was typed", () => {
    expect(applied(SPACE, { optimizer: { kind: "adam" }, "optimizer.lr": "abc", "optimizer.momentum": 0.3, epochs: 2 })).toEqual({
      optimizer: { kind: "adam" }, "optimizer.lr": "abc", epochs: 2,
    });
  });
});

it("a range is told with what it means", () => {
  expect(describeRange(RATE)).toBe("0.0001 to 1, by ratio");
  expect(describeRange(EPOCHS)).toBe("2 to 5, whole numbers");
});
