import { Text, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { RunRow } from "../api/types";
import { count, number, percent, words } from "../format";
import { Ago } from "../ui/Ago";
import { queued, remaining, trained, TRAINED } from "../ui/progress";
import { StateBadge } from "../ui/StateBadge";
import { Stages } from "../ui/Stages";
import { isTerminal } from "../api/states";
import classes from "./runs.module.css";

export interface Column {
  id: string;
  label: string;
  /** What the server sorts by, where it can. */
  sort?: string;
  numeric?: boolean;
  render: (run: RunRow) => ReactNode;
}

export const COLUMNS: Column[] = [
  { id: "state", label: "State", sort: "state", render: (run) => <State run={run} /> },
  { id: "stages", label: "Stages", render: (run) => <Stages run={run} /> },
  { id: "step", label: "Step", sort: "step", numeric: true, render: (run) => <Progress run={run} /> },
  {
    id: "accuracy",
    label: "Accuracy",
    numeric: true,
    render: ({ latest }) => (
      <Tooltip label="On the validation split, last measured">
        <span>{percent(latest["validation/accuracy"])}</span>
      </Tooltip>
    ),
  },
  { id: "loss", label: "Loss", numeric: true, render: ({ latest }) => <>{number(latest["train/loss"])}</> },
  {
    id: "duration",
    label: "Trained",
    sort: "active_seconds",
    numeric: true,
    render: ({ active_seconds }) => (
      <Tooltip label={TRAINED}>
        <span>{trained(active_seconds)}</span>
      </Tooltip>
    ),
  },
  { id: "created", label: "Created", sort: "created_at", numeric: true, render: (run) => <Ago at={run.created_at} /> },
];

function State({ run }: { run: RunRow }) {
  const wait = queued(run);
  return (
    <>
      <StateBadge state={run.state} />
      {wait && (
        <Text className={classes.sub} component="div">
          {wait}
        </Text>
      )}
      {run.state === "queued" && run.waits_for && (
        <Text className={classes.sub} component="div">
          waits for <Link href={`/runs/${run.waits_for}`}>another run</Link>
        </Text>
      )}
      {run.state !== "queued" && !isTerminal(run.state) && run.heartbeat_at && (
        <Text className={classes.sub} component="div">
          heartbeat <Ago at={run.heartbeat_at} />
        </Text>
      )}
    </>
  );
}

export function Progress({ run }: { run: RunRow }) {
  const left = remaining(run);
  return (
    <>
      {count(run.step)}
      {run.total_steps !== null && <span className={classes.of}> / {count(run.total_steps)}</span>}
      {left !== null && (
        <Text className={classes.sub} component="div">
          {left}
        </Text>
      )}
    </>
  );
}

export const about = ({ dataset, model, seed }: RunRow): string => `${words(dataset)} · ${words(model)} · seed ${seed}`;
