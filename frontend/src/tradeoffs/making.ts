/** Points and answers that the tests are made from. */

import type { TradeoffPoint, Tradeoffs } from "../api/types";

export const units = { accuracy: "share", bytes: "bytes", "p95_ms@1": "ms", "p95_ms@64": "ms", parameters: "" };

export function point(artifact: string, values: Record<string, number>, more: Partial<TradeoffPoint> = {}): TradeoffPoint {
  const base = { run_id: "r", run_name: "run", seed: 0, stage: 0, label: "stage", exporter: "file", runtime: "runtime", devices: ["cpu"], front: false, samples: null, interval: null, preparation: "none", machine: "here" };
  return { ...base, artifact, values, ...more };
}

export const points = [
  point("a", { accuracy: 0.9, bytes: 300 }, { run_name: "run 10" }),
  point("b", { accuracy: 0.95, bytes: 100 }, { run_name: "run 9", stage: 1, front: true }),
  point("c", { accuracy: 0.8 }, { run_name: "=1+1", stage: 2 }),
];
export const answer = (qualifying: string[], nearest: string[] = []): Tradeoffs => ({ points, total: points.length, qualifying, nearest, sentence: "", fields: units, quality: "accuracy", qualities: ["accuracy"], formats: [], devices: [], dataset: "flowers", datasets: [], machine: "here", machines: ["here"], models: [], samples: [], note: "", offer: "" });
