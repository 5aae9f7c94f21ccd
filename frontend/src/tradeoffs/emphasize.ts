/** The Pareto figure with the answer in it: what meets the constraint stands out, the best is a star. */

import type { Figure, Trace } from "../charts/figure";
import type { Row } from "./rows";

const DIM = 0.22;
const SIZE = 11;

/** Only artifacts in `rows` are kept. Without a constraint the figure's own dimming (dominated points) stays. */
export function emphasize(figure: Figure, rows: readonly Row[], constrained: boolean): Figure {
  const known = new Map(rows.map((row) => [row.artifact, row]));
  return { ...figure, data: figure.data.map((trace) => (holdsArtifacts(trace) ? marked(trace, known, constrained) : trace)) };
}

function holdsArtifacts({ meta }: Trace): boolean {
  return (meta as { role?: string } | null | undefined)?.role === "artifacts";
}

function marked(trace: Trace, known: ReadonlyMap<string, Row>, constrained: boolean): Trace {
  const about = (trace["customdata"] as unknown[] | undefined)?.map(artifactOf) ?? [];
  const kept = about.flatMap((artifact, index) => (artifact !== undefined && known.has(artifact) ? [index] : []));
  const rows = kept.map((index) => known.get(about[index]!)!);
  const marker = (trace["marker"] ?? {}) as Record<string, unknown>;
  const pick = <T>(values: T) => (Array.isArray(values) ? kept.map((index) => values[index] as unknown) : values);
  return {
    ...trace,
    x: pick(trace.x) as Trace["x"],
    y: pick(trace.y) as Trace["y"],
    text: pick(trace["text"]),
    customdata: pick(trace["customdata"]),
    marker: {
      ...marker,
      opacity: constrained ? rows.map(({ standing }) => (standing === "misses" ? DIM : 1)) : pick(marker["opacity"]),
      symbol: rows.map(({ standing }) => (standing === "best" && constrained ? "star" : standing === "nearest" ? "diamond-open" : "circle")),
      size: rows.map(({ standing }) => (standing === "best" && constrained ? SIZE * 1.8 : SIZE)),
      line: { ...(marker["line"] as object), width: pick((marker["line"] as { width?: unknown } | undefined)?.width) },
    },
  };
}

/** Run, stage and artifact of a marker. */
export function pickedFrom(about: unknown): { run: string; stage: number; artifact: string } | undefined {
  if (!Array.isArray(about) || typeof about[0] !== "string") return undefined;
  return { run: about[0], stage: Number(about[1]), artifact: String(about[2]) };
}

function artifactOf(about: unknown): string | undefined {
  return pickedFrom(about)?.artifact;
}
