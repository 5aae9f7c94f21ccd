import type { RunRow } from "../api/types";
import { duration } from "../format";

type Timed = Pick<RunRow, "state" | "step" | "total_steps" | "active_seconds" | "fork_step">;

/** Seconds until the last step, at the pace of the run's own steps so far; null where the end or the pace is unknown. */
export function eta({ state, step, total_steps, active_seconds, fork_step }: Timed): number | null {
  const own = step - (fork_step ?? 0);
  if (state !== "running" || !total_steps || own <= 0 || active_seconds <= 0) return null;
  return Math.max(0, ((total_steps - step) * active_seconds) / own);
}

/** Share of the steps that are done, 0 to 1; null where the total is unknown. */
export const share = ({ step, total_steps }: Pick<RunRow, "step" | "total_steps">): number | null =>
  total_steps ? Math.min(1, step / total_steps) : null;

export const TRAINED = "Time that the run's own stages worked. Queueing, pauses and measuring are left out, and what a fork began with.";

/** How long a run has trained, the same wherever it is told. */
export const trained = (seconds: number): string => (seconds > 0 ? duration(seconds) : "–");
