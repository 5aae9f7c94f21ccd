import type { RunRow } from "../api/types";
import { duration, plural, roughly } from "../format";

/** Seconds after which the pace says something about what is to come. */
const SETTLED = 1;

type Timed = Pick<RunRow, "state" | "step" | "total_steps" | "active_seconds" | "fork_step">;

/** Seconds until the last step, at the pace of the run's own steps so far; null where the end or the pace is unknown. */
export function eta({ state, step, total_steps, active_seconds, fork_step }: Timed): number | null {
  const own = step - (fork_step ?? 0);
  if (state !== "running" || !total_steps || own <= 0 || active_seconds < SETTLED) return null;
  return Math.max(0, ((total_steps - step) * active_seconds) / own);
}

/** What is still to come of a live run, as far as that is known. Its last step is not its end: then the model is measured. */
export function remaining(run: Timed): string | null {
  if (run.state === "running" && run.total_steps && run.step >= run.total_steps) return "Measuring…";
  const left = eta(run);
  if (left === null) return null;
  return left < 1 ? "Finishing…" : `${duration(left)} left`;
}

/** What a queued run waits for, in words; null where nothing is known of it, or it waits for one run that is named beside it. */
export function queued({ state, queue }: Pick<RunRow, "state" | "queue">): string | null {
  if (state !== "queued" || !queue || queue.awaits === "run") return null;
  if (queue.awaits === "worker") return "no worker is connected";
  if (queue.ahead === 0) return "begins in a moment";
  const ahead = `${plural(queue.ahead, "run")} ahead`;
  return queue.seconds === null ? ahead : `${ahead}, about ${roughly(queue.seconds)}`;
}

/** Share of the steps that are done, 0 to 1; null where the total is unknown. */
export const share = ({ step, total_steps }: Pick<RunRow, "step" | "total_steps">): number | null =>
  total_steps ? Math.min(1, step / total_steps) : null;

export const TRAINED = "Time that the run's own stages worked. Queueing, pauses and measuring are left out, and what a fork began with.";

/** How long a run has trained, the same wherever it is told. */
export const trained = (seconds: number): string => (seconds > 0 ? duration(seconds) : "–");
