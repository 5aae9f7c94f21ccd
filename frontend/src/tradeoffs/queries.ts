import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import type { Figure, Theme } from "../api/figure";
import { api, body } from "../api/client";
import type { TradeoffQuery } from "../api/tradeoffs";
import type { RunRow } from "../api/types";

const PAGE = 200;
const MOST_RUNS = 2000;
const SLOWLY_MS = 30_000;
const OFTEN_MS = 5_000;

export type KnownRun = Pick<RunRow, "id" | "name" | "seed" | "dataset" | "model" | "color" | "state">;

/** Every run with its data and its model, to filter by, once it is `enabled`. Loaded apart from the table of runs, which knows only its own pages. */
export function useKnownRuns(enabled: boolean) {
  return useQuery({ enabled, queryKey: ["tradeoffs", "known-runs"], queryFn: ({ signal }) => knownRuns(signal), refetchInterval: SLOWLY_MS });
}

async function knownRuns(signal: AbortSignal): Promise<KnownRun[]> {
  const known: KnownRun[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: PAGE, ...(cursor ? { cursor } : {}) };
    const page = await body(api.GET("/api/runs", { params: { query }, signal }));
    known.push(...page.runs);
    cursor = page.next;
  } while (cursor && known.length < MOST_RUNS);
  return known;
}

/** Asks again every few seconds while a run is live: its next stage may leave another model. */
export function useFreshness(runs: readonly KnownRun[]): void {
  const client = useQueryClient();
  const live = runs.some(({ state }) => state === "running" || state === "queued");
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => {
      if (!document.hidden) void client.invalidateQueries({ queryKey: ["tradeoffs"] });
    }, OFTEN_MS);
    return () => clearInterval(timer);
  }, [client, live]);
}

/** What both the answer and its chart are asked; runs, formats and devices comma-separated, empty means all. */
export type Requested = Required<TradeoffQuery>;

export type Pareto = ReturnType<typeof usePareto>;

/** Quality against one cost, of these runs or of all. */
export function usePareto(requested: Requested, theme: Theme, enabled: boolean) {
  return useQuery({
    queryKey: ["tradeoffs", "pareto", requested, theme],
    enabled,
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const params = { path: { chart: "pareto" }, query: { ...requested, theme } };
      const figure = (await body(api.GET("/api/figures/{chart}", { params, signal }))) as unknown as Figure;
      return { ...figure, seq: {} };
    },
  });
}
