import { Tooltip } from "@mantine/core";
import type { RunRow } from "../api/types";
import classes from "./Stages.module.css";

type StagedRun = Pick<RunRow, "stages" | "stage" | "state">;

/** Whether the run ended in this stage without finishing it. */
export const endedHere = (run: StagedRun, index: number): boolean =>
  (run.state === "failed" || run.state === "cancelled") && index === run.stage;

/** Number of stages that are behind the run. */
export const stagesDone = ({ stages }: Pick<RunRow, "stages">): number => stages.filter(({ state }) => state === "done").length;

/** The pipeline as one bar: a segment for each stage, filled when it is done. */
export function Stages({ run }: { run: StagedRun }) {
  const done = stagesDone(run);
  const current = run.stages.find(({ state }) => state === "running");
  const words = `${done} of ${run.stages.length} stages done${current ? `, in ${current.label}` : ""}`;
  return (
    <Tooltip label={words}>
      <span className={classes.line} role="img" aria-label={words} data-live={run.state === "running" || undefined}>
        <span className={classes.bar}>
          {run.stages.map((stage) => (
            <span key={stage.index} className={classes.segment} data-state={endedHere(run, stage.index) ? run.state : stage.state} />
          ))}
        </span>
        <span className={classes.count}>
          {done}/{run.stages.length}
        </span>
      </span>
    </Tooltip>
  );
}
