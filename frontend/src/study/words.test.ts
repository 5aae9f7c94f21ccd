import { describe, expect, it } from "vitest";
import { describeAssignment, describeBudget, describeCounts, joules, measured, measureTitle, shortNames, describeSize, uses } from "./words";

const SPACE = ["stages[0].optimizer", "stages[0].optimizer.lr", "stages[1].optimizer.lr", "model.hidden[0]"];

describe("names", () => {
  it("are as short as tells them apart, and never a bare index", () => {
    expect([...shortNames(SPACE).values()]).toEqual(["optimizer", "stages.0.optimizer.lr", "stages.1.optimizer.lr", "hidden.0"]);
    expect([...shortNames(["stages[0].optimizer.lr"]).values()]).toEqual(["lr"]);
  });
});

describe("values", () => {
  it("have the unit of what is measured", () => {
    expect(measured("validation/accuracy", 0.9888)).toBe("98.88\u202f%");
    expect(measured("validation/loss", 0.12345)).toBe("0.1235");
    expect(measured("gzip_bytes", 17_280)).toBe("17.28\u202fKB");
    expect(measured("p95_ms@1", 1.25)).toBe("1.25\u202fms");
    expect(measured("accuracy_per_ms@1", 1.25)).toBe("1.25");
    expect(measured("bytes", undefined)).toBe("–");
  });
  it("of a trial are told in the order of the space, what it leaves out left out", () => {
    const assignment = { "stages[0].optimizer.lr": 0.0123456, "stages[0].optimizer": { kind: "sgd" } };
    expect(describeAssignment(assignment, SPACE.slice(0, 3))).toBe("optimizer sgd · stages.0.optimizer.lr 0.01235");
  });
  it("name what they measure", () => {
    expect(measureTitle("validation/accuracy")).toBe("validation accuracy");
    expect(measureTitle("p95_ms@1@cuda")).toBe("p95 ms, batch 1, cuda");
  });
});

describe("budgets", () => {
  const spent = { trials: 7, hours: 0.5, joules: 10 };
  it("tell what is used of each limit", () => {
    const described = uses({ trials: 20, hours: 1, joules: null }, spent);
    expect(described.map(({ words, share }) => [words, share])).toEqual([["7 of 20 trials", 0.35], ["30\u202fmin 00\u202fs of 1\u202fh 00\u202fmin", 0.5]]);
    expect(uses({ trials: 5 }, spent)[0]?.share).toBe(1);
  });
  it("are one or the other", () => {
    expect(describeBudget({ trials: 1, hours: 2 })).toBe("1 trial or 2\u202fh 00\u202fmin");
    expect(describeBudget({})).toBe("");
    expect([joules(840), joules(1200), joules(2.5e6)]).toEqual(["840\u202fJ", "1.2\u202fkJ", "2.5\u202fMJ"]);
  });
});

it("counts leave out what there is none of", () => expect(describeCounts({ counts: { complete: 2, pruned: 10, running: 0 } })).toBe("2 complete · 10 pruned"));

it("a size is a number of trials, or none", () => {
  expect(describeSize(12)).toBe("12 different trials.");
  expect(describeSize(null)).toContain("continuum");
});
