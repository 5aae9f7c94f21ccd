import { expect, test } from "vitest";
import type { ArtifactMeasure, StageResult } from "../api/types";
import { over, resultRows, timeChange, timed, timings } from "./results";

const latency = (batch_size: number, p50_ms: number) => ({
  batch_size,
  device: "cpu",
  p50_ms,
  busy: false,
  ratios: [],
  p95_ms: 2 * p50_ms,
  spread_ms: 0.1,
  calls: 50,
  samples_per_s: 1000,
});

const measure = (exporter: string, bytes: number, ran: boolean): ArtifactMeasure => ({
  exporter,
  artifact: `${exporter}-${bytes}`,
  bytes,
  gzip_bytes: bytes / 2,
  runtime: ran ? "onnxruntime" : null,
  accuracy: ran ? 0.9 : null,
  latency: ran ? [latency(64, 3), latency(1, 0.5)] : [],
  operators: {},
});

const stage = (index: number, ...measures: ArtifactMeasure[]): StageResult => ({
  stage: index,
  kind: "train",
  label: `stage ${index}`,
  step: 10,
  seconds: 1,
  parameters: 10,
  two_of_four: 0, two_of_four_fit: 0, nonzero: 5,
  validation: {},
  weights_sha256: "",
  measures,
  notes: [],
  reasons: [],
  doubts: [],
  compared: index === 0 ? [] : measures.map((one) => ({
    artifact: one.artifact, exporter: one.exporter, against: "", size: "2.00x smaller", gzip_size: "2.00x smaller",
    times: [{ batch_size: 1, device: "cpu", p50: 0.5, p95: 0.75, outcome: "faster" as const, busy: false, change: "2.00x faster", p95_change: "0.75x" }],
  })),
});

test("the file that was run stands for its stage, and the first stage is the baseline", () => {
  const rows = resultRows([stage(1, measure("onnx", 50, true)), stage(0, measure("safetensors", 90, false), measure("onnx", 100, true))]);
  expect(rows.map(({ result, measure }) => [result.stage, measure?.bytes])).toEqual([
    [0, 100],
    [1, 50],
  ]);
  expect(rows[0]?.others.map(({ exporter }) => exporter)).toEqual(["safetensors"]);
  expect(rows.map(({ first, compared }) => [first, compared.size])).toEqual([[true, 0], [false, 1]]);
});

test("latencies have one column for each batch size, in order", () => {
  const columns = timings([stage(0, measure("onnx", 100, true))]);
  expect(columns.map(({ key }) => key)).toEqual(["cpu@1", "cpu@64"]);
  expect(timed(measure("onnx", 1, true), "cpu@64")?.p50_ms).toBe(3);
  expect(timed(null, "cpu@64")).toBeNull();
});

test("each file has the server's own words beside it", () => {
  const rows = resultRows([stage(0, measure("onnx", 100, true)), stage(1, measure("coded", 9, false), measure("onnx", 50, true))]);
  const { compared, measure: stands } = rows[1]!;
  expect(stands?.exporter).toBe("onnx");
  expect(timeChange(compared.get("onnx-50"), "cpu@1")?.change).toBe("2.00x faster");
  expect(timeChange(compared.get("onnx-50"), "cpu@64")).toBeNull();
  expect(timeChange(undefined, "cpu@1")).toBeNull();
});

test("nothing is measured against nothing", () => {
  expect(over(1, 0)).toBeNull();
  expect(over(null, 2)).toBeNull();
  expect(resultRows([])).toEqual([]);
  expect(resultRows([stage(0)])[0]?.measure).toBeNull();
});
