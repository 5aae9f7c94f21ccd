import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "./client";
import type { ExperimentCreated, Template } from "./types";

export type SpecText = string | Record<string, unknown>;

/** Holds a draft against the catalog; problems come back as data, not as an error. */
export const checkSpec = (spec: SpecText, signal?: AbortSignal) =>
  body(api.POST("/api/specs/check", { body: { spec }, signal }));

export interface Fork {
  run: string;
  checkpoint: string;
}

/** What a fork begins with at this checkpoint, and which fields of the stage that trains there it may change. */
export const useForkStart = (run: string, checkpoint: string) =>
  useQuery({
    queryKey: ["fork", run, checkpoint],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{run_id}/fork", { params: { path: { run_id: run }, query: { checkpoint } }, signal })),
    enabled: run !== "",
    staleTime: Infinity,
  });

/** The least experiment around a component, written `optimizers.adam`, or around one's own data. */
export const useTryout = (component: string, upload: string) =>
  useQuery({
    queryKey: ["tryout", component, upload],
    queryFn: ({ signal }) => {
      const [family = "", kind = ""] = component.split(".");
      return body(
        upload
          ? api.GET("/api/uploads/{upload_id}/tryout", { params: { path: { upload_id: upload } }, signal })
          : api.GET("/api/catalog/{family}/{kind}/tryout", { params: { path: { family, kind } }, signal }),
      );
    },
    enabled: component !== "" || upload !== "",
    staleTime: Infinity,
  });

export interface Submission {
  spec: SpecText;
  seeds?: number[];
  /** The same spec changed in a few fields, to be compared. */
  variants?: Template["variants"];
  /** Stages that are run in every order, to be compared. */
  orders?: number[] | null;
  /** Begin with the prefix of this run instead, up to this checkpoint of it. */
  fork?: Fork;
  /** The same key for each retry of one submission, so that it is created once. */
  key?: string;
}

export function submitExperiment({ spec, seeds, variants, orders, fork, key = crypto.randomUUID() }: Submission) {
  const headers = { "Idempotency-Key": key };
  if (fork)
    return body(api.POST("/api/runs/{run_id}/fork", { params: { path: { run_id: fork.run } }, body: { spec, checkpoint: fork.checkpoint }, headers }));
  return body(api.POST("/api/experiments", { body: { spec, seeds: seeds ?? null, variants: variants ?? null, orders: orders ?? null }, headers }));
}

/** A template as it runs: its spec, its seeds, and what it compares. */
export const asItIs = ({ spec, seeds, variants, orders }: Template): Submission => ({ spec, seeds: seeds ?? undefined, variants, orders });

/** Whether several runs are made to be looked at side by side. */
export const compares = ({ variants, orders }: Pick<Submission, "variants" | "orders">): boolean => Boolean(variants ?? orders);

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
