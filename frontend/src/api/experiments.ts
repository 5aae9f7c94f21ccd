import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "./client";
import type { ExperimentCreated, Template } from "./types";

export type SpecText = string | Record<string, unknown>;

/** Holds a draft against the catalog; problems come back as data, not as an error. */
export const checkSpec = (spec: SpecText, signal?: AbortSignal) =>
  body(api.POST("/api/specs/check", { body: { spec }, signal }));

export interface Submission {
  spec: SpecText;
  seeds?: number[];
  /** The same spec changed in a few fields, to be compared. */
  variants?: Template["variants"];
  /** The same key for each retry of one submission, so that it is created once. */
  key?: string;
}

export const submitExperiment = ({ spec, seeds, variants, key = crypto.randomUUID() }: Submission) =>
  body(api.POST("/api/experiments", { body: { spec, seeds: seeds ?? null, variants: variants ?? null }, headers: { "Idempotency-Key": key } }));

/** A template as it runs: its spec, its seeds, and what it compares. */
export const asItIs = ({ spec, seeds, variants }: Template): Submission => ({ spec, seeds: seeds ?? undefined, variants });

/** Where one looks at what was created. */
export const pageOf = ({ id, runs }: ExperimentCreated, compared: boolean): string =>
  compared ? `/compare?group=${id}` : runs[0] ? `/runs/${runs[0].id}` : "/";

export function useSubmitExperiment() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: submitExperiment,
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["workers"] })]),
  });
}
