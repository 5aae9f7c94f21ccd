import { Paper, Progress, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";
import { Link } from "wouter";
import type { StudyDetail, TrialRow, TrialState } from "../api/studies";
import { count, plural, words } from "../format";
import { Sentence } from "../ui/Sentence";
import { StateBadge } from "../ui/StateBadge";
import pairs from "../ui/pairs.module.css";
import classes from "./study.module.css";
import { describeCounts, held, measured, measureTitle, shortNames, describeSize, uses } from "./words";

const STATES: TrialState[] = ["complete", "pruned", "failed", "running", "waiting"];

/** How far the study is, the best so far, and what it looks for. */
export function Overview({ study }: { study: StudyDetail }) {
  return (
    <div className={classes.panels}>
      <Along study={study} />
      <Best study={study} />
      <Question study={study} />
    </div>
  );
}

export function Panel({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const heading = useId();
  return (
    <Paper component="section" aria-labelledby={heading} className={classes.panel}>
      <div className={classes.panelHead}>
        <Title order={2} id={heading}>
          {title}
        </Title>
        {aside}
      </div>
      {children}
    </Paper>
  );
}

function Along({ study }: { study: StudyDetail }) {
  const present = STATES.filter((state) => study.counts[state]);
  return (
    <Panel title="Progress">
      <div className={classes.bar} role="img" aria-label={describeCounts(study) || "No trial has begun"}>
        {present.map((state) => (
          <span key={state} className={classes.piece} data-state={state} style={{ flexGrow: study.counts[state] }} />
        ))}
        <span style={{ flexGrow: Math.max(0, (study.budget.trials ?? 0) - study.spent.trials) }} />
      </div>
      <ul className={classes.legend} aria-label="Trials by state">
        {present.map((state) => (
          <li key={state}>
            {count(study.counts[state])} <StateBadge state={state} />
          </li>
        ))}
        {present.length === 0 && <li className={classes.sub}>No trial has begun.</li>}
      </ul>
      {uses(study.budget, study.spent).map(({ of, words, share }) => (
        <div key={of} className={classes.use}>
          <span>{words}</span>
          <Progress size="xs" value={100 * share} aria-label={`Budget used: ${words}`} />
        </div>
      ))}
    </Panel>
  );
}

function Best({ study }: { study: StudyDetail }) {
  const { best, study: document } = study;
  const [first] = document.objectives;
  if (document.objectives.length > 1)
    return (
      <Panel title="Best so far">
        <span className={classes.value}>{plural(study.front.length, "trial")} on the front</span>
        <span className={classes.sub}>
          No other trial is better than these in all of {document.objectives.map(({ measure }) => measureTitle(measure)).join(", ")}
          {study.front.length > 0 && `: ${study.front.slice(0, 12).join(", ")}${study.front.length > 12 ? ", …" : ""}`}.
        </span>
      </Panel>
    );
  if (!best || !first)
    return (
      <Panel title="Best so far">
        <span className={classes.sub}>{document.constraint ? "No complete trial meets the constraint yet." : "No trial is complete yet."}</span>
      </Panel>
    );
  return (
    <Panel title="Best so far" aside={<TrialLink trial={best} />}>
      <span className={classes.value}>{measured(first.measure, best.values[0])}</span>
      <span className={classes.sub}>{measureTitle(first.measure)}</span>
      <Assigned trial={best} fields={document.space.map(({ field }) => field)} />
    </Panel>
  );
}

export function TrialLink({ trial }: { trial: Pick<TrialRow, "run_id" | "number"> }) {
  if (!trial.run_id) return <span className={classes.sub}>trial {trial.number}, its run is deleted</span>;
  return <Link href={`/runs/${trial.run_id}`}>Trial {trial.number}</Link>;
}

function Assigned({ trial, fields }: { trial: TrialRow; fields: string[] }) {
  const names = shortNames(fields);
  return (
    <dl className={pairs.pairs} aria-label="What it holds">
      {fields
        .filter((field) => field in trial.assignment)
        .map((field) => (
          <div key={field} style={{ display: "contents" }}>
            <dt title={field}>{names.get(field)}</dt>
            <dd>{held(trial.assignment[field])}</dd>
          </div>
        ))}
    </dl>
  );
}

function Question({ study: { study, size } }: { study: StudyDetail }) {
  const goals = study.objectives.map(({ measure, direction, of }) =>
    [direction, measureTitle(measure), of === "best" && "(the best on the way)"].filter(Boolean).join(" "),
  );
  return (
    <Panel title="What it looks for">
      <dl className={pairs.pairs}>
        <Pair name={goals.length > 1 ? "Objectives" : "Objective"}>{goals.join("; ")}</Pair>
        {study.constraint && (
          <Pair name="Constraint">
            <Sentence text={`\`${study.constraint}\``} />
          </Pair>
        )}
        <Pair name="Space">
          {plural(study.space.length, "field")}. {describeSize(size)}
        </Pair>
        <Pair name="Sampler">{words(String(study.sampler["kind"]))}</Pair>
        <Pair name="Pruner">{words(String(study.pruner["kind"]))}</Pair>
        <Pair name="At once">{plural(study.parallel, "trial")}</Pair>
      </dl>
    </Panel>
  );
}

function Pair({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
