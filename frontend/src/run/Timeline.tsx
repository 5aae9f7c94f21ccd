import { Text } from "@mantine/core";
import type { RunDetail, StageResult, StreamEvent } from "../api/types";
import { duration, words } from "../format";
import { AlertIcon, CheckIcon } from "../ui/icons";
import { share } from "../ui/progress";
import { endedHere } from "../ui/Stages";
import { isTerminal } from "../api/states";
import classes from "./run.module.css";

interface TimelineProps {
  run: RunDetail;
  events: StreamEvent[];
}

/** The pipeline: each stage in order, the current one marked with how far it is. */
export function Timeline({ run, events }: TimelineProps) {
  const took = new Map(run.results.map((result) => [result.stage, result]));
  return (
    <ol className={classes.timeline} aria-label="Stages">
      {run.stages.map((stage) => (
        <li key={stage.index} className={classes.stage} data-state={endedHere(run, stage.index) ? "ended" : stage.state} aria-current={stage.state === "running" ? "step" : undefined}>
          <span className={classes.stageBar}>
            <span className={classes.stageFill} style={{ width: `${100 * filled(run, stage, events)}%` }} />
          </span>
          <span className={classes.stageLabel}>
            {stage.state === "done" && (took.get(stage.index)?.doubts.length ? <AlertIcon size={13} /> : <CheckIcon size={13} />)}
            {words(stage.label)}
          </span>
          <Text size="xs" c="dimmed">
            {describe(run, stage, took.get(stage.index))}
          </Text>
        </li>
      ))}
    </ol>
  );
}

function describe(run: RunDetail, { state, index }: RunDetail["stages"][number], result: StageResult | undefined): string {
  if (endedHere(run, index)) return `${run.state} here`;
  if (state === "done") return result ? times(result) : "done";
  if (state === "running") return "running";
  return isTerminal(run.state) ? "not reached" : "pending";
}

const times = ({ seconds, measuring_seconds }: StageResult): string =>
  duration(seconds) + (measuring_seconds == null ? "" : ` + ${duration(measuring_seconds)} measuring`);

/** How much of a stage is behind it: known for its training, which has steps; half for work that has none. */
function filled(run: RunDetail, stage: RunDetail["stages"][number], events: StreamEvent[]): number {
  if (endedHere(run, stage.index)) return share(run) ?? 0.5;
  if (stage.state !== "running") return stage.state === "done" ? 1 : 0;
  const began = events.findLast(({ kind, body }) => kind === "stage_began" && body.stage === stage.index)?.body.step;
  if (stage.index === 0 || typeof began !== "number" || !run.total_steps) return share(run) ?? 0.5;
  return Math.min(1, (run.step - began) / Math.max(1, run.total_steps - began)) || 0.5;
}
