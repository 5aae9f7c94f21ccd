import { Alert, Button, Checkbox, Group, Paper, SegmentedControl, Text, Title } from "@mantine/core";
import { Suspense, useEffect, useMemo, useState } from "react";
import { useLocation } from "wouter";

import { checkStudy } from "../api/studies";
import { CheckPanel } from "../form/submit/CheckPanel";
import { begin, EMPTY, EXPERIMENT, load, save, STUDIED, STUDY } from "../form/spec/draft";
import { write } from "../form/spec/document";
import { draw } from "../form/fields/Field";
import { Fields } from "../form/fields/Fields";
import { FormContext, useForm, useProblem } from "../form/fields/FormContext";
import classes from "../form/form.module.css";
import { isMapping, type Forms, type Json } from "../form/tree/schema";
import { Sentence } from "../ui/Sentence";
import { useFormState } from "../form/fields/useFormState";
import { useSpec } from "../form/spec/useSpec";
import page from "../form/workbench.module.css";
import { describeAssignment, describeSize } from "../study/words";
import { Failure } from "../ui/Failure";
import { PlayIcon } from "../ui/icons";
import { Loading } from "../ui/Loading";
import { describeSpec } from "./beginning";
import own from "./searching.module.css";
import { spaceOf } from "./space";
import { useStart } from "./useStart";
import { useStudyBeginning } from "./useStudyBeginning";
import { later } from "../ui/later";

const YamlPanel = later("The YAML", () => import("../form/text/YamlPanel"));
const SpaceEditor = later("The search space", () => import("./SpaceEditor"));
const Objectives = later("The objectives", () => import("./Objectives"));
const Constraint = later("The constraint", () => import("./Constraint"));
const Sources = later("The choice of an experiment", () => import("./Sources"));

type View = "form" | "yaml";

const CHECKER = { what: "study", ask: checkStudy };

/** A study that is being written: as a form and as text, checked meanwhile. */
export function StudyWorkbench({ forms, experiment }: { forms: Forms; experiment: Forms }) {
  const study = useSpec(forms, CHECKER, STUDY);
  const { check } = study;
  const beginning = useStudyBeginning(study, experiment);
  const { start, isPending, error, forget } = useStart(() => study.setDraft(EMPTY));
  const [view, setView] = useState<View>("form");
  const [asBefore, setAsBefore] = useState(true);
  useEffect(forget, [study.value, forget]);

  const found = useMemo(() => [...(check.data?.problems ?? []), ...(error?.problems ?? [])], [check.data, error]);
  const { state, problems, marks, find } = useFormState(study, forms, found);
  const show = (key: string) => {
    setView("form");
    find(key);
  };
  const first = (study.draft.first ?? []).map((values) => still(values, study.value));
  const blocked = study.parsed.error !== undefined || problems.length > 0 || check.data?.study == null;

  if (beginning.failure) return <Failure what="What the study should begin with" error={beginning.failure} />;
  if (beginning.waiting || study.taking) return <Loading what="the study" height={480} />;
  if (!isMapping(study.value) || !("spec" in study.value))
    return (
      <Suspense fallback={<Loading what="the templates" />}>
        <Sources />
      </Suspense>
    );
  if (study.waiting) return <Loading what="the form" height={480} />;
  return (
    <>
      <SegmentedControl
        className={page.views} fullWidth aria-label="View" value={view} onChange={(value) => setView(value as View)}
        data={[{ value: "form", label: "Form" }, { value: "yaml", label: "YAML" }]}
      />
      <div className={page.columns} data-view={view}>
        <form className={`${page.column} ${page.form}`} aria-label="Study" noValidate onSubmit={(event) => event.preventDefault()}>
          <FormContext.Provider value={state}>
            <StudyForm study={study.value} />
          </FormContext.Provider>
        </form>
        <div className={`${page.column} ${page.aside}`}>
          <Suspense>
            <YamlPanel what="Study" text={study.draft.text} complete={check.data?.study ? check.data.yaml : undefined} marks={marks} onChange={study.type} />
          </Suspense>
          <Paper className={classes.section} component="section" aria-label="Before it starts">
            <CheckPanel known={check.data !== undefined} incomplete={undefined} checking={check.isFetching} failure={check.error} problems={problems} broken={study.parsed.error} onFind={show}>
              {check.data?.study && <Text size="sm">{describeSize(check.data.size)}</Text>}
            </CheckPanel>
            {first.map((values, index) => (
              <Checkbox
                key={index} size="xs" label="Begin with what the run did" description={describeAssignment(values, Object.keys(values))} checked={asBefore}
                onChange={({ currentTarget }) => setAsBefore(currentTarget.checked)}
              />
            ))}
            {error && error.problems.length === 0 && (
              <Alert color="red" variant="light" role="alert" title="It was not started">
                {error.status === 0 ? "Lathe did not answer. Nothing is lost: start it again, and it is created once." : <Sentence text={error.message} />}
              </Alert>
            )}
            <Button
              leftSection={<PlayIcon />} loading={isPending} disabled={blocked}
              onClick={() => void start(study.value as Record<string, unknown>, asBefore ? first : [])}
            >
              Start
            </Button>
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => study.setDraft(EMPTY)}>
              Discard this draft
            </Button>
          </Paper>
        </div>
      </div>
    </>
  );
}

/** What is still varied of a trial's values. */
function still(values: Record<string, unknown>, study: Json): Record<string, unknown> {
  const varied = new Set(spaceOf(study).map(({ field }) => field));
  return Object.fromEntries(Object.entries(values).filter(([field]) => varied.has(field)));
}

function StudyForm({ study }: { study: Json }) {
  const { root } = useForm();
  const node = (name: string) => root.fields.filter((each) => each.path[0] === name);
  const whole = useProblem("");
  return (
    <>
      {whole && (
        <Alert color="red" variant="light">
          {whole}
        </Alert>
      )}
      <Paper className={classes.section}>
        <Fields nodes={node("name")} draw={draw} />
        <Searched study={study} />
      </Paper>
      <Part title="Space" about="The fields to vary, with their values or ranges.">
        <SpaceEditor study={study} />
      </Part>
      <Part title="Objectives" about="The measures to optimize. With several, the study looks for the best trade-offs.">
        <Objectives study={study} />
        <Constraint study={study} />
      </Part>
      <Part title="Search" about="How the next trial is chosen, which are ended early, and where it ends.">
        {["sampler", "pruner"].flatMap(node).map(draw)}
      </Part>
      <Part title="Budget" about="The study ends when it reaches the first of these limits.">
        <Budget />
      </Part>
    </>
  );
}

function Budget() {
  const { root } = useForm();
  const problem = useProblem("budget");
  const own = ["budget", "parallel", "seed"].flatMap((name) => root.fields.filter((each) => each.path[0] === name));
  return (
    <>
      {problem && (
        <Text size="xs" className={classes.error}>
          {problem}
        </Text>
      )}
      <Fields nodes={own.flatMap((each) => (each.type === "group" ? each.fields : [each]))} draw={draw} />
    </>
  );
}

function Part({ title, about, children }: { title: string; about: string; children: React.ReactNode }) {
  return (
    <Paper className={classes.section} component="section" aria-label={title}>
      <div>
        <Title order={2}>{title}</Title>
        <Text size="xs" c="dimmed">
          {about}
        </Text>
      </div>
      <Suspense>{children}</Suspense>
    </Paper>
  );
}

/** The experiment that is searched, and the way to change it: it is written where every other experiment is. */
function Searched({ study }: { study: Json }) {
  const [, navigate] = useLocation();
  const problem = useProblem("spec");
  const spec = isMapping(study) ? study["spec"] : undefined;
  const change = () => {
    save(sessionStorage, begin(write(spec ?? {}), STUDIED, load(sessionStorage, EXPERIMENT)), EXPERIMENT);
    navigate("/new");
  };
  return (
    <div className={own.spec}>
      <div>
        <Text size="sm" fw={500}>
          Experiment
        </Text>
        <Text size="sm" c="dimmed">
          {describeSpec(spec)}
        </Text>
        {problem && (
          <Text size="xs" className={classes.error}>
            {problem}
          </Text>
        )}
      </div>
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={change}>
          Edit the experiment
        </Button>
      </Group>
    </div>
  );
}
