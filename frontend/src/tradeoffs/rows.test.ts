import { describe, expect, it } from "vitest";

import { chosenRuns, MOST_NAMED } from "./filter";
import { answer, units } from "./making";
import { csvOf, rowsOf, sorted, sortFrom, sortText, turned } from "./rows";

const ids = (rows: { artifact: string }[]) => rows.map(({ artifact }) => artifact).join("");

describe("the rows", () => {
  it("stand in the answer's order, best first", () => {
    const rows = rowsOf(answer(["b", "a"]));
    expect(rows.map(({ artifact, standing }) => [artifact, standing])).toEqual([["b", "best"], ["a", "meets"], ["c", "misses"]]);
  });

  it("begin with the nearest misses when nothing qualifies", () => {
    const rows = rowsOf(answer([], ["c", "a"]));
    expect(rows.map(({ artifact, standing }) => [artifact, standing])).toEqual([["c", "nearest"], ["a", "nearest"], ["b", "misses"]]);
  });

  it("are sorted by any column, what was not measured last both ways", () => {
    const rows = rowsOf(answer(["a", "b", "c"]));
    expect(ids(sorted(rows, { by: "bytes", descending: false }))).toBe("bac");
    expect(ids(sorted(rows, { by: "bytes", descending: true }))).toBe("abc");
    expect(ids(sorted(rows, { by: "run", descending: false }))).toBe("cba");
    expect(ids(sorted(rows, { by: "stage", descending: true }))).toBe("cba");
    expect(ids(sorted(rows, { by: "", descending: false }))).toBe("abc");
  });

  it("turn with each click and come back to the answer's order", () => {
    const up = turned(sortFrom(null), "bytes");
    const down = turned(up, "bytes");
    expect([up, down, turned(down, "bytes")].map(sortText)).toEqual(["bytes", "-bytes", ""]);
    expect(sortFrom(sortText(down))).toEqual(down);
    expect(sortText(turned(down, "run"))).toBe("run");
  });

  it("become CSV in which no name is a formula", () => {
    const lines = csvOf(rowsOf(answer(["b"])), units, "flowers").split("\r\n");
    expect(lines[0]).toContain("accuracy (share),bytes (bytes),p95_ms@1 (ms)");
    expect(lines[1]).toContain(",b,true,best,,,,0.95,100,,,");
    expect(lines[1]!.startsWith("flowers,r,run 9")).toBe(true);
    expect(lines.join("\n")).toContain("'=1+1");
    expect(lines.join("\n")).not.toContain(",=1+1");
  });
});

describe("the filters", () => {
  const known = ["x", "y", "z"].map((id) => ({ id, name: id, seed: 0, dataset: id === "z" ? "moon" : "well", model: "m", color: "", state: "succeeded" as const }));

  it("name no run when nothing is filtered, and the fitting ones when something is", () => {
    expect(chosenRuns(known, { runs: [] })).toEqual({ ids: "", cut: undefined, none: false });
    expect(chosenRuns(known, { runs: ["y"] }).ids).toBe("y");
    expect(chosenRuns(known, { runs: ["other"] }).none).toBe(true);
  });

  it("say so when more runs fit than can be named", () => {
    const many = Array.from({ length: MOST_NAMED + 5 }, (_, index) => ({ ...known[0]!, id: String(index) }));
    const chosen = chosenRuns(many, { runs: many.map(({ id }) => id) });
    expect(chosen.cut).toBe(MOST_NAMED + 5);
    expect(chosen.ids.split(",")).toHaveLength(MOST_NAMED);
  });
});
