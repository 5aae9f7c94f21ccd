import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLocation, useSearchParams } from "wouter";

import { api, body } from "../../api/client";
import { useTemplates } from "../../api/templates";
import { type Fork, useForkStart, useTryout } from "../../api/experiments";
import type { Template } from "../../api/types";
import { withGoal } from "./goal";
import type { Forms, Json, Mapping } from "../tree/schema";
import type { useSpec } from "./useSpec";

/** What the address asks the form to begin with: a template, a run to clone, data, or nothing. A draft of the same beginning is kept. */
export function useBeginning(spec: ReturnType<typeof useSpec>, forms: Forms) {
  const [search] = useSearchParams();
  const [, navigate] = useLocation();
  const requested = search.get("template");
  const fork = search.get("fork") ?? "";
  const clone = fork || (search.get("clone") ?? "");
  const target = search.get("target") ?? "";
  const minimize = search.get("minimize");
  const templates = useTemplates();
  const parent = useQuery({
    queryKey: ["run", clone],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{run_id}", { params: { path: { run_id: clone } }, signal })),
    enabled: clone !== "",
  });
  const checkpoint = search.get("checkpoint") ?? "";
  const start = useForkStart(fork, checkpoint);
  const tried = search.get("try") ?? "";
  const upload = search.get("upload") ?? "";
  const tryout = useTryout(tried, upload);
  const goal = target && ` ${minimize ?? ""} ${target}`;
  const origin = fork
    ? `fork:${fork}:${checkpoint}`
    : clone
      ? `clone:${clone}${goal}`
      : requested
        ? `template:${requested}`
        : tried
          ? `try:${tried}`
          : upload && `upload:${upload}`;
  const source = fork ? start.data?.spec : clone ? parent.data?.spec : requested ? templates.data?.find(({ id }) => id === requested)?.spec : tryout.data?.spec;
  const taken = useRef(spec.draft.origin);

  useEffect(() => {
    if (!origin || !source || taken.current === origin) return;
    taken.current = origin;
    const whole = (clone && target ? withGoal(source as Mapping, target, minimize, forms.catalog) : source) as Json;
    void spec.take(whole, origin, { short: clone !== "" });
  }, [origin, source, clone, target, minimize, forms, spec]);

  const takeTemplate = (template: Template) => {
    taken.current = `template:${template.id}`;
    void spec.take(template.spec as Json, taken.current);
    navigate(`/new?template=${encodeURIComponent(template.id)}`, { replace: true });
  };
  // The address forgets its wish, or a reload would take the draft away again.
  const bringBack = () => {
    spec.bringBack();
    navigate("/new", { replace: true });
  };

  const missing = requested !== null && templates.data !== undefined && !clone && source === undefined;
  return {
    takeTemplate,
    bringBack,
    template: spec.draft.origin.startsWith("template:") ? spec.draft.origin.slice("template:".length) : undefined,
    fork: spec.draft.origin.startsWith("fork:") ? forkOf(spec.draft.origin) : undefined,
    parent: parent.data,
    start: start.data,
    clone: spec.draft.origin.startsWith("clone:") ? (parent.data?.name ?? "another run") : undefined,
    failure: clone ? (parent.error ?? start.error) : tryout.error ? tryout.error : missing ? new Error(`There is no template called “${requested}”.`) : null,
  };
}

function forkOf(origin: string): Fork {
  const [, run = "", checkpoint = ""] = origin.split(":");
  return { run, checkpoint };
}
