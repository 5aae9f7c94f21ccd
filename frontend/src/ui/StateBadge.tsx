import type { ComponentType } from "react";
import type { StudyState, TrialState } from "../api/studies";
import type { RunState } from "../api/types";
import { AlertIcon, BanIcon, CheckIcon, ClockIcon, PauseIcon, PlayIcon, ScissorsIcon, StopIcon } from "./icons";
import classes from "./StateBadge.module.css";

export type AnyState = RunState | StudyState | TrialState;

const ICONS: Record<AnyState, ComponentType<{ size?: number }>> = {
  queued: ClockIcon,
  waiting: ClockIcon,
  running: PlayIcon,
  paused: PauseIcon,
  stopping: StopIcon,
  succeeded: CheckIcon,
  finished: CheckIcon,
  complete: CheckIcon,
  stopped: StopIcon,
  pruned: ScissorsIcon,
  failed: AlertIcon,
  cancelled: BanIcon,
};

/** The state of a run, a study or a trial by word, icon and colour; with a `doubt` about what came of it there is no tick. */
export function StateBadge({ state, doubt }: { state: AnyState; doubt?: string | undefined }) {
  const Icon = doubt ? AlertIcon : ICONS[state];
  return (
    <span className={classes.badge} data-state={doubt ? "doubtful" : state} title={doubt}>
      <Icon size={13} />
      {state}
    </span>
  );
}
