import { describe, expect, it } from "vitest";

import { busyShare, examples, headOf, joined, ordered, scaleOf, standard, suggestion, titleOf, write } from "./fields";
import { point, points, units } from "./making";

describe("a time that the machine disturbed", () => {
  const values = { "p95_ms@1": 9, "p95_ms@64": 20, bytes: 100, "busy@1": 1, "disturbed@1": 0.71, "busy@64": 0, "disturbed@64": 0.01 };

  it("is marked, and nothing else is", () => {
    expect(Object.keys(values).filter((field) => busyShare(field, values) !== undefined)).toEqual(["p95_ms@1"]);
    expect(busyShare("p95_ms@1", values)).toBe(0.71);
  });

  it("has its details in columns that somebody must choose", () => {
    expect(standard({ bytes: "bytes", "p95_ms@1": "ms", "p95_seen_ms@1": "ms", "disturbed@1": "share" }, "bytes")).toEqual(["bytes", "p95_ms@1"]);
  });
});

describe("the fields", () => {
  it("are called and told with their units", () => {
    expect(titleOf("p95_ms@64@cuda")).toBe("p95 ms, batch 64, cuda");
    expect(write(0.9312, "share")).toMatch(/^93\.12/);
    expect(write(undefined, "ms")).toBe("–");
    expect(write(61706, "")).toBe("61,706");
    expect(write(0.16529653, "")).toBe("0.1653");
  });

  it("are shown shares first, then what is minimized, counts only when asked for", () => {
    expect(ordered(units, "p95_ms@1")).toEqual(["accuracy", "p95_ms@1", "bytes", "p95_ms@64", "parameters"]);
    expect(standard(units, "bytes")).not.toContain("parameters");
    expect(standard(units, "parameters")).toContain("parameters");
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

describe("a column", () => {
  it("tells all its numbers in one unit, under each other", () => {
    const sizes = scaleOf("bytes", [525, 22_000, 1_205_000]);
    expect([525, 22_000, 1_205_000].map(sizes.write)).toEqual(["0.525", "22.000", "1,205.000"]);
    expect(headOf("bytes", sizes)).toBe("size, KB");
    const times = scaleOf("ms", [0.029, 0.04574, 1.5]);
    expect([0.029, 0.04574, undefined].map(times.write)).toEqual(["29.0", "45.7", "–"]);
    expect(headOf("p95_ms@1", times)).toBe("p95, batch 1, µs");
    expect(headOf("gzip_bytes", sizes)).toBe("gzip size, KB");
  });

  it("without a unit tells them as they are", () => {
    expect(scaleOf("", [1]).write(61_706)).toBe("61,706");
    expect(headOf("r2", scaleOf("", [0.5]))).toBe("R²");
    expect(scaleOf("share", [0.94]).write(0.9312)).toBe("93.12");
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
    expect([titleOf("r2"), standard(numbers, "bytes", "mae")]).toEqual(["R²", ["mae", "bytes"]]);
  });
});
