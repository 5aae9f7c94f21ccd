/** Which runs the answer is about. */

import type { KnownRun } from "./queries";
import type { TradeoffsView } from "./view";

/** The address of a request holds about this many ids. */
export const MOST_NAMED = 100;

export interface Chosen {
  /** Ids for the request, comma-separated; empty means all. */
  ids: string;
  /** How many runs fit, when not all of them could be named. */
  cut: number | undefined;
  /** Whether no run fits at all. */
  none: boolean;
}

export function chosenRuns(known: readonly KnownRun[], view: Pick<TradeoffsView, "runs" | "models">): Chosen {
  const filtered = [view.runs, view.models].some((values) => values.length > 0);
  if (!filtered) return { ids: "", cut: undefined, none: false };
  const fitting = known.filter((run) => fits(view.runs, run.id) && fits(view.models, run.model));
  const named = fitting.slice(0, MOST_NAMED).map(({ id }) => id);
  return { ids: named.join(","), cut: fitting.length > MOST_NAMED ? fitting.length : undefined, none: named.length === 0 };
}

function fits(chosen: readonly string[], value: string): boolean {
  return chosen.length === 0 || chosen.includes(value);
}

/** The values of one property, each once, in order. */
export function distinct<T>(items: readonly T[], property: (item: T) => string): string[] {
  return [...new Set(items.map(property))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}
