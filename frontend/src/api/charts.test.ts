import { describe, expect, it } from "vitest";
import { offered } from "./charts";
import type { ChartRow } from "./types";

const chart = (name: string, more: Partial<ChartRow>): ChartRow => ({
  name, title: name, group: "training", metrics: [], summaries: [], results: false, expected: false, ...more,
});

const charts = [
  chart("loss", { metrics: ["train/loss"], expected: true }),
  chart("norms", { metrics: ["norm", "norm/*"] }),
  chart("pictures", { summaries: ["pictures"] }),
  chart("costs", { results: true }),
  chart("confusion", { summaries: ["quality"], group: "quality" }),
];

const names = (run: Partial<Parameters<typeof offered>[2]>) =>
  offered(charts, "training", { latest: {}, summaries: [], results: [], ...run }).map(({ name }) => name);

describe("the charts that a run is offered", () => {
  it("are the expected ones before it has measured anything", () => expect(names({})).toEqual(["loss"]));
  it("are those of its metrics, summaries and results", () => {
    expect(names({ latest: { norm: 1 } })).toEqual(["norms"]);
    expect(names({ latest: { "train/loss": 1 }, summaries: ["pictures", "quality"] })).toEqual(["loss", "pictures"]);
    expect(names({ latest: { "train/loss": 1 }, results: [{} as never] })).toEqual(["loss", "costs"]);
  });
});
