import { ActionIcon, Alert, Menu, Text, Title } from "@mantine/core";
import { Suspense } from "react";
import { Link } from "wouter";
import type { RunDetail } from "../api/types";
import { count, duration } from "../format";
import { about } from "../runs/columns";
import { type Action, useOffer } from "../keys/offers";
import { useSteering } from "../runs/actions";
import { ActionButtons, ActionItems } from "../keys/ActionButtons";
import { Ago } from "../ui/Ago";
import { AlertIcon, BanIcon, CloneIcon, DotsIcon, DownloadIcon, StopIcon, StudyIcon } from "../ui/icons";
import { queued, remaining, trained, TRAINED } from "../ui/progress";
import { StateBadge } from "../ui/StateBadge";
import { isTerminal } from "../api/states";
import classes from "./run.module.css";
import { later } from "../ui/later";

const Proofs = later("The proof", () => import("./Proofs"));
const TrialOf = later("The trial", () => import("./TrialOf"));

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
          <StateBadge state={run.state} doubt={run.results.at(-1)?.doubts[0]} />
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
  const left = remaining(run);
  const wait = queued(run);
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
      {run.active_seconds + run.inherited_seconds > 0 && (
        <span title={TRAINED}>
          trained {trained(run.active_seconds)}
          {run.inherited_seconds > 0 && ` + ${duration(run.inherited_seconds)} before the fork`}
        </span>
      )}
      {run.measuring_seconds != null && <span>measured for {duration(run.measuring_seconds)}</span>}
      {left && <span>{left}</span>}
      {wait && <span>queued: {wait}</span>}
      {!isTerminal(run.state) && run.heartbeat_at && (
        <span>
          heartbeat <Ago at={run.heartbeat_at} />
        </span>
      )}
    </div>
  );
}

const OF = "This run";

function Actions({ run }: { run: RunDetail }) {
  const { ask, isPending } = useSteering();
  const over = isTerminal(run.state);
  const actions: Action[] = [
    { label: "Clone", icon: CloneIcon, href: `/new?clone=${run.id}` },
  ];
  if (over) actions.push({ label: "Tune this run", icon: StudyIcon, href: `/studies/new?run=${run.id}` });
  else actions.unshift({ label: "Cancel", icon: BanIcon, title: "End now; nothing more is measured", press: () => ask(run, "cancel") });
  if (!over && run.state !== "queued")
    actions.unshift({ label: "Stop and measure", icon: StopIcon, title: "Skip what is left, measure the model, keep what was learnt", press: () => ask(run, "stop") });
  return (
    <div className={classes.actions}>
      <ActionButtons of={OF} actions={actions} busy={isPending} />
      <More run={run} />
    </div>
  );
}

function More({ run }: { run: RunDetail }) {
  const report = { label: "Report (one HTML page)", icon: DownloadIcon, href: `/api/runs/${run.id}/report`, download: `${run.name}.html` };
  const actions: Action[] = [{ ...report, description: "Download the report" }];
  useOffer(OF, actions);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label="More about this run">
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <ActionItems actions={actions} />
      </Menu.Dropdown>
    </Menu>
  );
}
