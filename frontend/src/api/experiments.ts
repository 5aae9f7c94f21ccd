import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "./client";
import type { Template } from "./types";

export type SpecText = string | Record<string, unknown>;

/** Holds a draft against the catalog; problems come back as data, not as an error. */
export const checkSpec = (spec: SpecText, signal?: AbortSignal) =>
  body(api.POST("/api/specs/check", { body: { spec }, signal }));

interface Submission {
  spec: SpecText;
  seeds?: number[];
  /** The same spec changed in a few fields, to be compared. */
  variants?: Template["variants"];
  /** The same key for each retry of one submission, so that it is created once. */
  key?: string;
}

export const submitExperiment = ({ spec, seeds, variants, key = crypto.randomUUID() }: Submission) =>
  body(api.POST("/api/experiments", { body: { spec, seeds: seeds ?? null, variants: variants ?? null }, headers: { "Idempotency-Key": key } }));

export function useSubmitExperiment() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: submitExperiment,
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["workers"] })]),
  });
}
