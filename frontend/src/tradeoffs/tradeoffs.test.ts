import { describe, expect, it } from "vitest";

import type { TradeoffPoint, Tradeoffs } from "../api/types";
import type { Figure } from "../charts/figure";
import { withAnswer } from "./answered";
import { emphasize, pickedFrom } from "./emphasize";
import { completions, unfinished } from "./complete";
import { examples, headOf, joined, ordered, scaleOf, suggestion, titleOf, told, usual } from "./fields";
import { chosenRuns, MOST_NAMED } from "./filter";
import { csvOf, rowsOf, sorted, sortFrom, sortText, turned } from "./rows";

const units = { accuracy: "share", bytes: "bytes", "p95_ms@1": "ms", "p95_ms@64": "ms", parameters: "" };

function point(artifact: string, values: Record<string, number>, more: Partial<TradeoffPoint> = {}): TradeoffPoint {
  const base = { run_id: "r", run_name: "run", seed: 0, stage: 0, label: "stage", exporter: "file", runtime: "runtime", devices: ["cpu"], front: false, samples: null, interval: null, preparation: "none" };
  return { ...base, artifact, values, ...more };
}

const points = [
  point("a", { accuracy: 0.9, bytes: 300 }, { run_name: "run 10" }),
  point("b", { accuracy: 0.95, bytes: 100 }, { run_name: "run 9", stage: 1, front: true }),
  point("c", { accuracy: 0.8 }, { run_name: "=1+1", stage: 2 }),
];
const answer = (qualifying: string[], nearest: string[] = []): Tradeoffs => ({ points, total: points.length, qualifying, nearest, sentence: "", fields: units, quality: "accuracy", qualities: ["accuracy"], formats: [], devices: [], dataset: "digits", datasets: [], samples: [], note: "", offer: "" });
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
    const lines = csvOf(rowsOf(answer(["b"])), units, "digits").split("\r\n");
    expect(lines[0]).toContain("accuracy (share),bytes (bytes),p95_ms@1 (ms)");
    expect(lines[1]).toContain(",b,true,best,,,,0.95,100,,,");
    expect(lines[1]!.startsWith("digits,r,run 9")).toBe(true);
    expect(lines.join("\n")).toContain("'=1+1");
    expect(lines.join("\n")).not.toContain(",=1+1");
  });
});

describe("the fields", () => {
  it("are called and told with their units", () => {
    expect(titleOf("p95_ms@64@cuda")).toBe("p95 ms, batch 64, cuda");
    expect(told(0.9312, "share")).toMatch(/^93\.12/);
    expect(told(undefined, "ms")).toBe("–");
    expect(told(61706, "")).toBe("61,706");
    expect(told(0.16529653, "")).toBe("0.1653");
  });

  it("are shown shares first, then what is minimized, counts only when asked for", () => {
    expect(ordered(units, "p95_ms@1")).toEqual(["accuracy", "p95_ms@1", "bytes", "p95_ms@64", "parameters"]);
    expect(usual(units, "bytes")).not.toContain("parameters");
    expect(usual(units, "parameters")).toContain("parameters");
  });

  it("suggest a comparison that half of the models meet", () => {
    expect(suggestion("accuracy", "share", points)).toBe("accuracy >= 90%");
    expect(suggestion("bytes", "bytes", points)).toBe("bytes <= 0.3KB");
    expect(suggestion("bytes", "bytes", [point("m", { bytes: 14_753_792 })])).toBe("bytes <= 15MB");
    expect(suggestion("p95_ms@1", "ms", [point("m", { "p95_ms@1": 0.0421 })])).toBe("p95_ms@1 <= 0.043ms");
    expect(suggestion("flops", "", points)).toBe("");
    expect(suggestion("r2", "", [point("m", { r2: -0.5 })])).toBe("r2 >= -0.5");
    expect(examples({ r2: "" }, [point("m", { r2: -0.5 })], "r2")).toEqual(["r2 >= -0.51"]);
  });

  it("join a comparison on", () => {
    expect(joined(" ", "bytes <= 1KB")).toBe("bytes <= 1KB");
    expect(joined("accuracy >= 90% ", "bytes <= 1KB")).toBe("accuracy >= 90% and bytes <= 1KB");
  });
});

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

describe("a constraint that is wrong", () => {
  it("may still become right while its last word is typed", () => {
    for (const text of ["", "acc", "accuracy", "accuracy >", "accuracy >= 90% an", "accuracy >= 90% and ", "(accuracy > 1 or by"]) expect([text, unfinished(text, units)]).toEqual([text, true]);
  });

  it("is wrong at once when a word before the last one means nothing", () => {
    for (const text of ["acuracy > 97%", "acuracy >", "acuracy ", "accuracy > 97% and byts < 1", "accuracy > 97% 3", "accuracy > 97%)"]) expect([text, unfinished(text, units)]).toEqual([text, false]);
  });
});

describe("a column", () => {
  it("tells all its numbers in one unit, under each other", () => {
    const sizes = scaleOf("bytes", [525, 22_000, 1_205_000]);
    expect([525, 22_000, 1_205_000].map(sizes.told)).toEqual(["0.525", "22.000", "1,205.000"]);
    expect(headOf("bytes", sizes)).toBe("size, KB");
    const times = scaleOf("ms", [0.029, 0.04574, 1.5]);
    expect([0.029, 0.04574, undefined].map(times.told)).toEqual(["29.0", "45.7", "–"]);
    expect(headOf("p95_ms@1", times)).toBe("p95, batch 1, µs");
    expect(headOf("gzip_bytes", sizes)).toBe("gzip size, KB");
  });

  it("without a unit tells them as they are", () => {
    expect(scaleOf("", [1]).told(61_706)).toBe("61,706");
    expect(headOf("r2", scaleOf("", [0.5]))).toBe("R²");
    expect(scaleOf("share", [0.94]).told(0.9312)).toBe("93.12");
    expect(scaleOf("ms", []).unit).toBe("ms");
  });
});

describe("examples", () => {
  it("are made from what was measured", () => {
    const measured = [point("a", { accuracy: 0.98, bytes: 20_000, "p95_ms@1": 0.5 }), point("b", { accuracy: 0.9, bytes: 10_000, "p95_ms@1": 0.2 })];
    expect(examples(units, measured, "accuracy")).toEqual(["accuracy >= 97%", "accuracy >= 97% and p95_ms@1 <= 0.5ms", "accuracy >= 97% and bytes <= 20KB"]);
    expect(examples(units, [], "accuracy")).toEqual([]);
  });

  it("follow the quality that is chosen, in the direction that is better", () => {
    const numbers = { r2: "", mae: "", bytes: "bytes" };
    const measured = [point("a", { r2: 0.9, mae: 2, bytes: 20_000 }), point("b", { r2: 0.8, mae: 3, bytes: 10_000 })];
    expect(examples(numbers, measured, "r2")[0]).toBe("r2 >= 0.89");
    expect(examples(numbers, measured, "mae")[0]).toBe("mae <= 2.1");
    expect([titleOf("r2"), usual(numbers, "bytes", "mae")]).toEqual(["R²", ["mae", "bytes"]]);
  });
});

describe("the filters", () => {
  const known = ["x", "y", "z"].map((id) => ({ id, name: id, seed: 0, dataset: id === "z" ? "moon" : "well", model: "m", color: "", state: "succeeded" as const }));
  const none = { runs: [], models: [] };

  it("name no run when nothing is filtered, and the fitting ones when something is", () => {
    expect(chosenRuns(known, none)).toEqual({ ids: "", cut: undefined, none: false });
    expect(chosenRuns(known, { ...none, models: ["m"] }).ids).toBe("x,y,z");
    expect(chosenRuns(known, { ...none, models: ["m"], runs: ["y"] }).ids).toBe("y");
    expect(chosenRuns(known, { ...none, models: ["other"] }).none).toBe(true);
  });

  it("say so when more runs fit than can be named", () => {
    const many = Array.from({ length: MOST_NAMED + 5 }, (_, index) => ({ ...known[0]!, id: String(index) }));
    const chosen = chosenRuns(many, { ...none, models: ["m"] });
    expect(chosen.cut).toBe(MOST_NAMED + 5);
    expect(chosen.ids.split(",")).toHaveLength(MOST_NAMED);
  });
});

describe("what a figure of very many leaves out", () => {
  const axes = { cost: "bytes", quality: "accuracy", units, colors: new Map([["r", "#123456"]]) };
  const drawn = { x: [300], y: [0.9], meta: { role: "artifacts" } as never, customdata: [["r", 0, "a"]], marker: { symbol: "square" } };
  const key = { x: [null], y: [null], meta: { role: "format", format: "file" } as never, marker: { symbol: "cross" } };
  const figure: Figure = { data: [drawn, key], layout: {}, seq: {} };

  it("is drawn when the answer names it, as its format is", () => {
    const rows = rowsOf(answer(["b", "a"]));
    const [, , added] = withAnswer(figure, rows, axes).data;
    expect([added!.x, added!.y, added!["customdata"]]).toEqual([[100], [0.95], [["r", 1, "b"]]]);
    expect(added!["marker"]).toEqual({ color: ["#123456"], size: 7, symbol: "cross" });
    const marked = emphasize(withAnswer(figure, rows, axes), rows, true).data[2]!["marker"] as Record<string, unknown>;
    expect(marked["symbol"]).toEqual(["star"]);
  });

  it("is nothing when the figure has all that the answer names, or it was not measured", () => {
    expect(withAnswer(figure, rowsOf(answer(["a"])), axes)).toBe(figure);
    expect(withAnswer(figure, rowsOf(answer(["a", "c"])), axes)).toBe(figure);
  });

  it("is told as text, whatever it is called", () => {
    const points = [point("d", { accuracy: 1, bytes: 1 }, { run_name: "<b>%{x}" })];
    const [, , added] = withAnswer(figure, rowsOf({ ...answer(["d"]), points }), axes).data;
    expect((added!["text"] as string[])[0]).toContain("&lt;b&gt;%&#123;x} · seed 0");
  });
});

describe("the figure with the answer in it", () => {
  const figure: Figure = {
    data: [
      { x: [100], y: [0.95], name: "front", meta: { role: "front" } as never },
      {
        x: [300, 100, 50], y: [0.9, 0.95, 0.8], text: ["A", "B", "C"], meta: { run: "r", role: "artifacts" } as never,
        customdata: [["r", 0, "a"], ["r", 1, "b"], ["r", 2, "c"]], marker: { opacity: [0.35, 1, 0.35], line: { width: [0, 1.5, 0] } },
      },
    ],
    layout: {},
    seq: {},
  };

  it("makes the best a star and dims what misses", () => {
    const marker = emphasize(figure, rowsOf(answer(["b", "a"])), true).data[1]!["marker"] as Record<string, unknown[]>;
    expect(marker["symbol"]).toEqual(["circle", "star", "circle"]);
    expect(marker["opacity"]!.map((value) => Number(value) === 1)).toEqual([true, true, false]);
  });

  it("leaves the figure's own dimming without a constraint", () => {
    expect(emphasize(figure, rowsOf(answer(["b", "a", "c"])), false).data[1]).toBe(figure.data[1]);
  });

  it("dims what the answer leaves out of many, the front untouched", () => {
    const rows = rowsOf(answer(["b", "a"])).filter(({ artifact }) => artifact !== "a");
    const drawn = emphasize(figure, rows, true);
    const marker = drawn.data[1]!["marker"] as Record<string, number[]>;
    expect(marker["opacity"]!.map((value) => value === 1)).toEqual([false, true, false]);
    expect(drawn.data[0]).toBe(figure.data[0]);
  });

  it("leaves each format its own marker", () => {
    const points = figure.data[1]!;
    const square = { ...points, marker: { ...(points["marker"] as object), symbol: "square" } };
    const marker = emphasize({ ...figure, data: [square] }, rowsOf(answer(["b"])), true).data[0]!["marker"] as Record<string, unknown>;
    expect(marker["symbol"]).toEqual(["square", "star", "square"]);
  });

  it("knows which artifact was clicked", () => {
    expect(pickedFrom(["r", 2, "c"])).toEqual({ run: "r", stage: 2, artifact: "c" });
    expect(pickedFrom("r")).toBeUndefined();
  });
});
