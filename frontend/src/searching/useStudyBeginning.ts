import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLocation, useSearchParams } from "wouter";

import { checkSpec } from "../api/experiments";
import { aroundRun, type Assignment } from "../api/studies";
import { useTemplates } from "../api/templates";
import type { Template } from "../api/types";
import { parse } from "../form/spec/document";
import { EXPERIMENT, load, STUDIED } from "../form/spec/draft";
import { isMapping, type Forms, type Json, type Mapping } from "../form/tree/schema";
import { slim } from "../form/tree/slim";
import { draw } from "../form/tree/tree";
import type { useSpec } from "../form/spec/useSpec";
import { studyOf } from "./beginning";

interface Beginning {
  origin: string;
  study: Json;
  first?: Assignment[];
}

/** What the address asks the study to begin with: the experiment that is being written, a template, or a run to search around. */
export function useStudyBeginning(study: ReturnType<typeof useSpec>, experiment: Forms) {
  const [search] = useSearchParams();
  const [, navigate] = useLocation();
  const written = search.get("spec") === "draft";
  const run = search.get("run") ?? "";
  const template = search.get("template") ?? "";
  const templates = useTemplates();
  const around = useQuery({ queryKey: ["around", run], queryFn: ({ signal }) => ofRun(run, experiment, signal), enabled: run !== "", staleTime: 0 });
  const taken = useRef("");
  const requested = written ? "draft" : run ? `around:${run}` : template ? `template:${template}` : "";

  useEffect(() => {
    if (!requested || taken.current === requested) return;
    const found = written ? ofDraft(study.value, experiment) : run ? around.data : ofTemplate(template, templates.data, experiment);
    if (!found) return;
    taken.current = requested;
    if ("keep" in found) study.edit({ act: "set", path: ["spec"], value: found.keep });
    else void study.take(found.study, found.origin, { first: found.first });
    // The address forgets its wish, or a reload would take away what has been written since.
    navigate("/studies/new", { replace: true });
  }, [requested, written, run, template, around.data, templates.data, experiment, study, navigate]);

  const unknown = template !== "" && templates.data !== undefined && !templates.data.some(({ id }) => id === template);
  return {
    waiting: requested !== "" && !around.error && !unknown,
    failure: run ? around.error : unknown ? new Error(`There is no template called “${template}”.`) : null,
  };
}

/** The experiment that is being written; what is around it in a study from which it came stays as it is. */
function ofDraft(study: Json, { catalog }: Forms): Beginning | { keep: Json } | undefined {
  const draft = load(sessionStorage, EXPERIMENT);
  const spec = parse(draft.text).value;
  if (!isMapping(spec)) return { origin: "", study: {} };
  const kept = draft.origin === STUDIED && isMapping(study) && "space" in study;
  return kept ? { keep: spec } : { origin: "draft", study: studyOf(spec, catalog) };
}

/** A search around a run, whose spec says only what would not be taken anyway. */
async function ofRun(run: string, experiment: Forms, signal: AbortSignal): Promise<Beginning> {
  const { study, first } = await aroundRun(run, signal);
  const spec = study["spec"] as Mapping;
  const short = slim(draw(spec, experiment, await checkSpec(spec, signal)));
  return { origin: `around:${run}`, study: { ...(study as Mapping), spec: short }, first };
}

function ofTemplate(id: string, templates: Template[] | undefined, { catalog }: Forms): Beginning | undefined {
  const template = templates?.find((each) => each.id === id);
  if (!template) return undefined;
  const spec = template.spec as Mapping;
  const study = template.study ? { name: template.title, spec, ...(template.study as Mapping) } : studyOf(spec, catalog);
  return { origin: `template:${id}`, study };
}
