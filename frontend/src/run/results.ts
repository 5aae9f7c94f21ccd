import type { ArtifactMeasure, StageResult } from "../api/types";

type Latency = ArtifactMeasure["latency"][number];

/** One stage of the results, with the file that stands for it and the same file of the first stage. */
export interface ResultRow {
  result: StageResult;
  /** The file that was loaded again and run; else the first that was written; null when none was. */
  measure: ArtifactMeasure | null;
  /** The other files of the stage. */
  others: ArtifactMeasure[];
  baseline: ArtifactMeasure | null;
  first: boolean;
}

/** The stages in order, each beside the first one, which is the baseline. */
export function resultRows(results: StageResult[]): ResultRow[] {
  const ordered = [...results].sort((a, b) => a.stage - b.stage);
  const first = ordered[0] ? standing(ordered[0]) : null;
  return ordered.map((result, i) => {
    const measure = standing(result);
    const others = result.measures.filter((other) => other !== measure);
    return { result, measure, others, baseline: first, first: i === 0 };
  });
}

function standing({ measures }: StageResult): ArtifactMeasure | null {
  const ran = measures.find(({ latency, accuracy }) => latency.length > 0 && accuracy != null);
  return ran ?? measures.find(({ latency }) => latency.length > 0) ?? measures[0] ?? null;
}

/** The batch sizes and devices at which any file was timed, in order. */
export function timings(results: StageResult[]): { batch: number; device: string; key: string }[] {
  const found = new Map<string, { batch: number; device: string; key: string }>();
  for (const { batch_size: batch, device } of results.flatMap(({ measures }) => measures.flatMap(({ latency }) => latency)))
    found.set(`${device}@${batch}`, { batch, device, key: `${device}@${batch}` });
  return [...found.values()].sort((a, b) => a.device.localeCompare(b.device) || a.batch - b.batch);
}

export const timed = (measure: ArtifactMeasure | null, key: string): Latency | null =>
  measure?.latency.find(({ batch_size, device }) => `${device}@${batch_size}` === key) ?? null;

/** One number over another; null where either is unknown or the baseline is nothing. */
export const over = (value: number | null | undefined, baseline: number | null | undefined): number | null =>
  value == null || !baseline ? null : value / baseline;
