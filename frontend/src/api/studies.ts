import { keepPreviousData, type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Figure, Theme } from "./figure";
import { api, body } from "./client";
import type { SpecText } from "./experiments";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type StudyRow = Schemas["StudyRow"];
export type StudyDetail = Schemas["StudyDetail"];
export type StudyState = Schemas["StudyState"];
export type TrialRow = Schemas["TrialRow"];
export type TrialState = Schemas["TrialState"];
export type TrialPage = Schemas["TrialPage"];
export type Dimension = Schemas["Dimension"];
export type Assignment = TrialRow["assignment"];
export type VariableField = Schemas["VariableField"];
export type StudyChecked = Schemas["StudyChecked"];
export type StudyChart = Schemas["StudyChartRow"];
export type StudyAsk = Schemas["StudyCommandKind"];
export type TrialSort = "number" | "value" | "seconds";

const OFTEN_MS = 2_000;
const SLOWLY_MS = 15_000;

const OVER: ReadonlySet<StudyState> = new Set(["finished", "stopped", "failed"]);

/** Whether the study begins no trial any more and none runs. It may be extended all the same. */
export const isOver = (state: StudyState): boolean => OVER.has(state);

/** Asked again while somebody looks: often while a study is live. A hidden tab asks nothing. */
export const useStudies = () =>
  useQuery({
    queryKey: ["studies"],
    queryFn: ({ signal }) => body(api.GET("/api/studies", { signal })),
    refetchInterval: ({ state }) => (state.data?.every((study) => isOver(study.state)) ? SLOWLY_MS : OFTEN_MS),
    staleTime: 1_000,
  });

/** What was last asked of a live study lacks its end. */
const refetchParts = (client: QueryClient, id: string) =>
  client.invalidateQueries({ queryKey: ["study", id], predicate: ({ queryKey }) => queryKey.length > 2 });

export const useStudy = (id: string) =>
  useQuery({
    queryKey: ["study", id],
    queryFn: async ({ signal, client }) => {
      const before = client.getQueryData<StudyDetail>(["study", id]);
      const study = await body(api.GET("/api/studies/{study_id}", { params: { path: { study_id: id } }, signal }));
      if (before && !isOver(before.state) && isOver(study.state)) void refetchParts(client, id);
      return study;
    },
    refetchInterval: ({ state }) => (state.data && isOver(state.data.state) ? false : OFTEN_MS),
    staleTime: 1_000,
  });

export const PAGE = 50;

export interface TrialOrder {
  sort: TrialSort;
  descending: boolean;
  /** From 0. */
  page: number;
}

export const useTrials = (id: string, { sort, descending, page }: TrialOrder, live: boolean) =>
  useQuery({
    queryKey: ["study", id, "trials", sort, descending, page],
    queryFn: ({ signal }) => {
      const query = { sort, descending, offset: page * PAGE, limit: PAGE };
      return body(api.GET("/api/studies/{study_id}/trials", { params: { path: { study_id: id }, query }, signal }));
    },
    refetchInterval: live ? OFTEN_MS : false,
    placeholderData: keepPreviousData,
    staleTime: live ? 1_000 : 30_000,
  });

/** One trial by its number; numbers have no gaps. */
export async function trialOf(id: string, number: number): Promise<TrialRow | undefined> {
  const query = { sort: "number" as const, descending: false, offset: number, limit: 1 };
  const page = await body(api.GET("/api/studies/{study_id}/trials", { params: { path: { study_id: id }, query } }));
  return page.trials[0];
}

export interface Across {
  x?: string;
  y?: string;
}

/** The chart that every study's page begins with. */
export const FIRST_CHART = "history";

export const useStudyFigure = (id: string, chart: string, theme: Theme, across: Across, live: boolean, enabled: boolean) =>
  useQuery({
    queryKey: ["study", id, "figures", chart, theme, across],
    enabled,
    staleTime: 1_000,
    refetchInterval: live ? OFTEN_MS : false,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const params = { path: { study_id: id, chart }, query: { theme, ...across } };
      const figure = (await body(api.GET("/api/studies/{study_id}/figures/{chart}", { params, signal }))) as unknown as Figure;
      return { ...figure, seq: {} };
    },
  });

/** Asks something of a study; everything that is shown of it is asked for again. */
export function useStudyCommand(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ kind, what = {} }: { kind: StudyAsk; what?: Record<string, unknown> }) =>
      body(api.POST("/api/studies/{study_id}/commands", { params: { path: { study_id: id } }, body: { kind, body: what } })),
    onSettled: () => Promise.all([["studies"], ["study", id]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

/** Holds a draft against the catalog; problems come back as data. */
export const checkStudy = (study: SpecText, signal?: AbortSignal): Promise<StudyChecked> => body(api.POST("/api/studies/check", { body: { study }, signal }));

/** Fields of a spec that a study can vary. */
export const variableFields = (spec: Record<string, unknown>, signal?: AbortSignal): Promise<VariableField[]> =>
  body(api.POST("/api/studies/fields", { body: { spec }, signal }));

/** A study around what a run did: a draft, and the run's own values to begin with. */
export const aroundRun = async (run: string, signal?: AbortSignal) =>
  (await body(api.GET("/api/runs/{run_id}/around", { params: { path: { run_id: run } }, signal }))) as unknown as {
    study: Record<string, unknown>;
    first: Assignment[];
  };

export interface NewStudy {
  study: Record<string, unknown>;
  first: Assignment[];
  /** The same key for each retry of one submission, so that it is created once. */
  key: string;
}

export function useCreateStudy() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ study, first, key }: NewStudy) => body(api.POST("/api/studies", { body: { study, first }, headers: { "Idempotency-Key": key } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["studies"] }),
  });
}

/** One JSON Schema of a study, which its form is drawn from. */
export const useStudySchema = () =>
  useQuery({ queryKey: ["schema", "study"], queryFn: ({ signal }) => body(api.GET("/api/schema/study", { signal })) });
