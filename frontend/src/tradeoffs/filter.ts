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

export function chosenRuns(known: readonly KnownRun[], view: Pick<TradeoffsView, "runs">): Chosen {
  if (view.runs.length === 0) return { ids: "", cut: undefined, none: false };
  const fitting = known.filter(({ id }) => view.runs.includes(id));
  const named = fitting.slice(0, MOST_NAMED).map(({ id }) => id);
  return { ids: named.join(","), cut: fitting.length > MOST_NAMED ? fitting.length : undefined, none: named.length === 0 };
}
