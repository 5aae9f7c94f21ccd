import type { RunRow } from "../api/types";

type Timed = Pick<RunRow, "state" | "step" | "total_steps" | "active_seconds">;

/** Seconds until the last step, at the pace so far; null where the end or the pace is unknown. */
export function eta({ state, step, total_steps, active_seconds }: Timed): number | null {
  if (state !== "running" || !total_steps || step <= 0 || active_seconds <= 0) return null;
  return Math.max(0, ((total_steps - step) * active_seconds) / step);
}

/** Share of the steps that are done, 0 to 1; null where the total is unknown. */
export const share = ({ step, total_steps }: Pick<RunRow, "step" | "total_steps">): number | null =>
  total_steps ? Math.min(1, step / total_steps) : null;
