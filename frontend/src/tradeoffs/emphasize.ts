/** The Pareto figure with the answer in it: what meets the constraint stands out, the best is a star. */

import type { Figure, Trace } from "../api/figure";
import type { Row } from "./rows";

const DIM = 0.22;
const SIZE = 11;

/** Of very many artifacts `rows` has the best: one that it lacks misses. Without a constraint the figure's own dimming
 * (dominated points) stays, and its markers always do, which tell formats apart. */
export function emphasize(figure: Figure, rows: readonly Row[], constrained: boolean): Figure {
  const known = new Map(rows.map((row) => [row.artifact, row]));
  return { ...figure, data: figure.data.map((trace) => (holdsArtifacts(trace) ? marked(trace, known, constrained) : trace)) };
}

export function holdsArtifacts({ meta }: Trace): boolean {
  return (meta as { role?: string } | null | undefined)?.role === "artifacts";
}

function marked(trace: Trace, known: ReadonlyMap<string, Row>, constrained: boolean): Trace {
  if (!constrained) return trace;
  const standings = artifactsOf(trace).map((artifact) => (artifact === undefined ? undefined : known.get(artifact)?.standing) ?? "misses");
  const marker = (trace["marker"] ?? {}) as Record<string, unknown>;
  const own = (marker["symbol"] as string | undefined) ?? "circle";
  const size = typeof marker["size"] === "number" ? marker["size"] : SIZE;
  return {
    ...trace,
    marker: {
      ...marker,
      opacity: standings.map((standing) => (standing === "misses" ? DIM : 1)),
      symbol: standings.map((standing) => (standing === "best" ? "star" : standing === "nearest" ? "diamond-open" : own)),
      size: standings.map((standing) => (standing === "best" ? SIZE * 1.8 : size)),
    },
  };
}

/** Run, stage and artifact of a marker. */
export function pickedFrom(about: unknown): { run: string; stage: number; artifact: string } | undefined {
  if (!Array.isArray(about) || typeof about[0] !== "string") return undefined;
  return { run: about[0], stage: Number(about[1]), artifact: String(about[2]) };
}

/** The artifact of each of a trace's markers. */
export const artifactsOf = (trace: Trace): (string | undefined)[] =>
  (trace["customdata"] as unknown[] | undefined)?.map((about) => pickedFrom(about)?.artifact) ?? [];
