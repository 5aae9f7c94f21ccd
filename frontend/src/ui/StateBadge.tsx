import type { ComponentType } from "react";
import type { RunState } from "../api/types";
import { AlertIcon, BanIcon, CheckIcon, ClockIcon, PauseIcon, PlayIcon, StopIcon } from "./icons";
import classes from "./StateBadge.module.css";

const ICONS: Record<RunState, ComponentType<{ size?: number }>> = {
  queued: ClockIcon,
  running: PlayIcon,
  paused: PauseIcon,
  succeeded: CheckIcon,
  stopped: StopIcon,
  failed: AlertIcon,
  cancelled: BanIcon,
};

/** A run's state by word, icon and colour. */
export function StateBadge({ state }: { state: RunState }) {
  const Icon = ICONS[state];
  return (
    <span className={classes.badge} data-state={state}>
      <Icon size={13} />
      {state}
    </span>
  );
}
