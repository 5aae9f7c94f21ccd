import type { ArtifactMeasure, StageResult } from "../api/types";

export type Latency = ArtifactMeasure["latency"][number];
export type Comparison = StageResult["compared"][number];
export type TimeComparison = Comparison["times"][number];

/** One stage of the results, with the file that stands for it. */
export interface ResultRow {
  result: StageResult;
  /** The file that was loaded again and run; else the first that was written; null when none was. */
  measure: ArtifactMeasure | null;
  /** The other files of the stage. */
  others: ArtifactMeasure[];
  /** By file: what the server says of it beside the first measured stage. */
  compared: ReadonlyMap<string, Comparison>;
  first: boolean;
}

/** The stages in order, each beside the first measured one, which is the baseline. */
export function resultRows(results: StageResult[]): ResultRow[] {
  const ordered = [...results].sort((a, b) => a.stage - b.stage);
  const first = ordered.find(({ measures }) => measures.length > 0);
  return ordered.map((result) => {
    const compared = new Map(result.compared.map((one) => [one.artifact, one]));
    const measure = standing(result, compared);
    const others = result.measures.filter((other) => other !== measure);
    return { result, measure, others, compared, first: result === first };
  });
}

/** The first file that ran and can be compared, as in the server's own sentence; else one that ran, else any. */
function standing({ measures }: StageResult, compared: ResultRow["compared"]): ArtifactMeasure | null {
  const ran = measures.filter(({ runtime }) => runtime);
  return ran.find(({ artifact }) => compared.has(artifact)) ?? ran[0] ?? measures[0] ?? null;
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

export const timeChange = (compared: Comparison | undefined, key: string): TimeComparison | null =>
  compared?.times.find(({ batch_size, device }) => `${device}@${batch_size}` === key) ?? null;

/** One number over another; null where either is unknown or the baseline is nothing. */
export const over = (value: number | null | undefined, baseline: number | null | undefined): number | null =>
  value == null || !baseline ? null : value / baseline;
