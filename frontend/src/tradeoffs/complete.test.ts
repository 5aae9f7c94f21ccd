import { describe, expect, it } from "vitest";

import { completions, unfinished } from "./complete";
import { points, units } from "./making";

describe("how a constraint may go on", () => {
  const offered = (before: string) => completions(before, units, points).map(({ word }) => word);
  const chosen = (before: string, word: string) => completions(before, units, points).find((one) => one.word === word)?.text;

  it("is a field at the start, after a word and in brackets", () => {
    expect(offered("")).toEqual(Object.keys(units));
    expect(offered("p9")).toEqual(["p95_ms@1", "p95_ms@64"]);
    expect(offered("accuracy >= 1% and (by")).toEqual(["bytes"]);
    expect(chosen("accuracy >= 1% and by", "bytes")).toBe("accuracy >= 1% and bytes ");
  });

  it("is an operator after a field, the likelier one first, then a number that the data suggest", () => {
    expect(offered("accuracy ")).toEqual([">=", "<="]);
    expect(offered("bytes")).toEqual(["<=", ">="]);
    expect(chosen("bytes", "<=")).toBe("bytes <= ");
    expect(offered("accuracy >= ")).toEqual(["90%"]);
  });

  it("is a unit of the field after a number, or a word", () => {
    expect(offered("bytes < 5")).toEqual(["KB", "MB", "B", "and", "or"]);
    expect(chosen("bytes < 5", "KB")).toBe("bytes < 5KB ");
    expect(chosen("bytes < 5", "and")).toBe("bytes < 5 and ");
    expect(offered("p95_ms@1 < 5 m")).toEqual(["ms"]);
    expect(offered("accuracy > 5% ")).toEqual(["and", "or"]);
  });

  it("takes a number with its sign", () => {
    expect(offered("r2 >= -0.5 ")).toEqual(["k", "M", "and", "or"]);
    expect(chosen("parameters > +5", "k")).toBe("parameters > +5k ");
    expect(completions("r2 >= -0.5 an", { r2: "" }, points).map(({ word }) => word)).toEqual(["and"]);
    expect(["r2 >= -", "r2 >= -0.5"].map((text) => unfinished(text, { r2: "" }))).toEqual([true, false]);
  });
});

describe("a name in a constraint", () => {
  const named = { dataset: ["digits", "noise:1f"], machine: ["AMD EPYC, 2 cores"] };
  const offered = (before: string) => completions(before, units, points, named).map(({ word }) => word);

  it("is offered with its operators and with what is known, in quotes where it is more than a word", () => {
    expect(offered("data")).toEqual(["dataset"]);
    expect(offered("dataset ")).toEqual(["==", "!="]);
    expect(offered("dataset == ")).toEqual(["digits", "noise:1f"]);
    expect(offered("accuracy > 5% and machine != ")).toEqual(['"AMD EPYC, 2 cores"']);
    expect(offered('machine == "AMD EPYC, 2 cores" ')).toEqual(["and", "or"]);
  });

  it("is not offered where one model alone is asked about", () => {
    expect(completions("data", units, points)).toEqual([]);
  });

  it("may be any word after its operator", () => {
    expect(unfinished("dataset == leaves and acc", units, named)).toBe(true);
    expect(unfinished("dataset == leaves and acc", units)).toBe(false);
  });
});

describe("a constraint that is wrong", () => {
  it("may still become right while its last word is typed", () => {
    for (const text of ["", "acc", "accuracy", "accuracy >", "accuracy >= 90% an", "accuracy >= 90% and ", "(accuracy > 1 or by"]) expect([text, unfinished(text, units)]).toEqual([text, true]);
  });

  it("is wrong at once when a word before the last one means nothing", () => {
    for (const text of ["acuracy > 97%", "acuracy >", "acuracy ", "accuracy > 97% and byts < 1", "accuracy > 97% 3", "accuracy > 97%)"]) expect([text, unfinished(text, units)]).toEqual([text, false]);
  });
});
