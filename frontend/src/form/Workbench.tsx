import { Button, Paper, SegmentedControl, Title } from "@mantine/core";
import { Suspense, useEffect, useMemo, useState } from "react";
import { Link } from "wouter";

import { asItIs, checkSpec } from "../api/experiments";
import { EMPTY, STUDIED } from "./spec/draft";
import { FormContext } from "./fields/FormContext";
import classes from "./form.module.css";
import page from "./workbench.module.css";
import { isExplored, still } from "./submit/ordering";
import { isMapping, type Forms } from "./tree/schema";
import { SpecForm } from "./fields/SpecForm";
import { SubmitBar } from "./submit/SubmitBar";
import { Templates } from "./submit/Templates";
import { seedsFrom } from "./tree/typed";
import { useBeginning } from "./spec/useBeginning";
import { useFormState } from "./fields/useFormState";
import { useSpec } from "./spec/useSpec";
import { useSubmit } from "./submit/useSubmit";
import type { Template } from "../api/types";
import { later } from "../ui/later";
import { Loading } from "../ui/Loading";

const YamlPanel = later("The YAML", () => import("./text/YamlPanel"));
const Notices = later("The notices", () => import("./submit/Notices"));
const SpecCheck = later("The check", () => import("./submit/SpecCheck"));
const Orders = later("The orders of stages", () => import("./submit/Orders"));

type View = "form" | "yaml";

const CHECKER = { what: "spec", ask: checkSpec };

/** The page's own work: one spec, seen as a form and as text, checked while it is written. */
export function Workbench({ forms }: { forms: Forms }) {
  const spec = useSpec(forms, CHECKER);
  const { check } = spec;
  const beginning = useBeginning(spec, forms);
  const { submit, isPending, error, forget } = useSubmit(() => spec.setDraft(EMPTY));
  const [running, setRunning] = useState<string>();
  const [view, setView] = useState<View>("form");

  useEffect(forget, [spec.value, forget]);

  const untouched = spec.draft.origin === "" && spec.draft.text === spec.draft.original;
  const found = useMemo(() => [...(untouched ? [] : (check.data?.problems ?? [])), ...(error?.problems ?? [])], [check.data, error, untouched]);
  const { state, problems, marks, find } = useFormState(spec, forms, found);

  const seeds = seedsFrom(spec.draft.seeds);
  const stages = isMapping(spec.value) && Array.isArray(spec.value.stages) ? spec.value.stages : [];
  const [ticked, setTicked] = useState<number[]>([]);
  const orders = still(ticked, stages.length);
  const document = spec.value as Record<string, unknown>;
  const run = () =>
    void submit(
      beginning.fork
        ? { spec: document, fork: beginning.fork }
        : {
            spec: document, seeds: "seeds" in seeds && seeds.seeds.length > 0 ? seeds.seeds : undefined,
            orders: isExplored(orders) ? orders : undefined,
          },
    );
  const runTemplate = (template: Template) => {
    setRunning(template.id);
    void submit(asItIs(template)).finally(() => setRunning(undefined));
  };
  const show = (key: string) => {
    setView("form");
    find(key);
  };

  return (
    <div className={page.page}>
      <div className={page.column}>
        <Title order={1}>New {beginning.fork ? "fork" : "experiment"}</Title>
        {!beginning.fork && (
          <Templates
            chosen={beginning.template} busy={isPending ? (running ?? "") : undefined}
            onRun={runTemplate} onEdit={beginning.takeTemplate}
          />
        )}
        <Suspense>
          <Notices spec={spec} beginning={beginning} />
        </Suspense>
        <SegmentedControl
          className={page.views} fullWidth aria-label="View" value={view} onChange={(value) => setView(value as View)}
          data={[{ value: "form", label: "Form" }, { value: "yaml", label: "YAML" }]}
        />
        <div className={page.columns} data-view={view}>
          <form className={`${page.column} ${page.form}`} aria-label="Experiment" noValidate inert={spec.taking} onSubmit={(event) => event.preventDefault()}>
            {spec.waiting ? (
              <Loading what="the form" />
            ) : (
              <FormContext.Provider value={state}>
                <SpecForm />
              </FormContext.Provider>
            )}
          </form>
          <div className={`${page.column} ${page.aside}`}>
            <Suspense>
              <YamlPanel text={spec.draft.text} complete={check.data?.experiment ? check.data.yaml : undefined} marks={marks} onChange={spec.type} />
            </Suspense>
            <Paper className={classes.section} component="section" aria-label="Before it runs">
              <Suspense>
                <SpecCheck
                  checked={check.data} checking={check.isFetching} failure={check.error} problems={problems} broken={spec.parsed.error}
                  runs={"seeds" in seeds ? Math.max(seeds.seeds.length, 1) : 1} onFind={show}
                />
                {!beginning.fork && stages.length > 1 && (
                  <Orders stages={stages} template={beginning.template} chosen={orders} onChoose={setTicked} />
                )}
              </Suspense>
              <SubmitBar
                fork={beginning.fork !== undefined}
                seeds={spec.draft.seeds} onSeeds={spec.sow} pending={isPending && running === undefined} error={error}
                blocked={spec.parsed.error !== undefined || !isMapping(spec.parsed.value) || problems.length > 0 || running !== undefined} onRun={run}
              />
              {!beginning.fork && (
                <Button component={Link} href="/studies/new?spec=draft" size="compact-sm" variant="subtle">
                  {spec.draft.origin === STUDIED ? "Back to the study" : "Tune this experiment"}
                </Button>
              )}
            </Paper>
          </div>
        </div>
      </div>
    </div>
  );
}
