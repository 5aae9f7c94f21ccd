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

/** The state of a run, a study or a trial by word, icon and colour. */
export function StateBadge({ state }: { state: AnyState }) {
  const Icon = ICONS[state];
  return (
    <span className={classes.badge} data-state={state}>
      <Icon size={13} />
      {state}
    </span>
  );
}
