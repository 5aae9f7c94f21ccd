import { ActionIcon, Alert, Button, Menu, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Link } from "wouter";
import type { RunDetail } from "../api/types";
import { count, duration } from "../format";
import { about } from "../runs/columns";
import { useSteering } from "../runs/actions";
import { Ago } from "../ui/Ago";
import { AlertIcon, BanIcon, CloneIcon, DotsIcon, DownloadIcon, StopIcon, StudyIcon } from "../ui/icons";
import { eta } from "../ui/progress";
import { StateBadge } from "../ui/StateBadge";
import { isTerminal } from "../ui/states";
import classes from "./run.module.css";

const Proofs = lazy(() => import("./Proofs"));
const TrialOf = lazy(() => import("./TrialOf"));

export function Header({ run }: { run: RunDetail }) {
  return (
    <header className={classes.header}>
      <div className={classes.headline}>
        <nav aria-label="Where this is" className={classes.crumbs}>
          <Link href="/">Runs</Link>
          <span aria-hidden="true">/</span>
        </nav>
        <div className={classes.titleLine}>
          <span className={classes.swatch} style={{ background: run.color }} aria-hidden="true" />
          <Title order={1} className={classes.name}>
            {run.name}
          </Title>
          <StateBadge state={run.state} />
        </div>
        <Facts run={run} />
        {run.study_id != null && (
          <Suspense>
            <TrialOf study={run.study_id} trial={run.trial ?? null} />
          </Suspense>
        )}
      </div>
      <Actions run={run} />
      {run.error && (
        <Alert
          color={run.state === "failed" ? "red" : "orange"}
          variant="light"
          icon={<AlertIcon />}
          title={run.state === "failed" ? "The run failed" : "The run was interrupted"}
          className={classes.error}
        >
          <Text size="sm">{run.error}</Text>
        </Alert>
      )}
    </header>
  );
}

function Facts({ run }: { run: RunDetail }) {
  const left = eta(run);
  return (
    <div className={classes.facts}>
      <Suspense>
        <Proofs run={run.id} />
      </Suspense>
      <span>{about(run)}</span>
      <span>
        created <Ago at={run.created_at} />
      </span>
      <span>
        step {count(run.step)}
        {run.total_steps !== null && ` of ${count(run.total_steps)}`}
      </span>
      {run.active_seconds > 0 && <span>trained {duration(run.active_seconds)}</span>}
      {left !== null && <span>{duration(left)} left</span>}
      {!isTerminal(run.state) && run.heartbeat_at && (
        <span>
          heartbeat <Ago at={run.heartbeat_at} />
        </span>
      )}
    </div>
  );
}

function Actions({ run }: { run: RunDetail }) {
  const { ask, isPending } = useSteering();
  const over = isTerminal(run.state);
  return (
    <div className={classes.actions}>
      {!over && run.state !== "queued" && (
        <Button
          size="xs"
          variant="default"
          leftSection={<StopIcon size={14} />}
          loading={isPending}
          onClick={() => ask(run, "stop")}
          title="Skip what is left, measure the model, keep what was learnt"
        >
          Stop
        </Button>
      )}
      {!over && (
        <Button
          size="xs"
          variant="default"
          leftSection={<BanIcon size={14} />}
          disabled={isPending}
          onClick={() => ask(run, "cancel")}
          title="End now; nothing more is measured"
        >
          Cancel
        </Button>
      )}
      <Button size="xs" variant="default" leftSection={<CloneIcon size={14} />} component={Link} href={`/new?clone=${run.id}`}>
        Clone
      </Button>
      {over && (
        <Button size="xs" variant="default" leftSection={<StudyIcon size={14} />} component={Link} href={`/studies/new?run=${run.id}`}>
          Search around this
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More about this run">
            <DotsIcon />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<DownloadIcon />} component="a" href={`/api/runs/${run.id}/report`} download={`${run.name}.html`}>
            Report (one HTML page)
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
