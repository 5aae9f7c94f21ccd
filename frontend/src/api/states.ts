import type { RunState } from "./types";

const TERMINAL: ReadonlySet<RunState> = new Set(["succeeded", "failed", "stopped", "cancelled"]);

/** Whether nothing more will happen to the run. */
export const isTerminal = (state: RunState): boolean => TERMINAL.has(state);

export const STATES: RunState[] = ["queued", "running", "paused", "succeeded", "stopped", "failed", "cancelled"];
