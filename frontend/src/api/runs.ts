import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { RunFilter } from "../live/edits";
import { isTerminal } from "../ui/states";
import { api, body } from "./client";
import type { RunPage, RunRow } from "./types";

const PAGE = 50;

/** The runs, page by page. The live stream edits what has been loaded. */
export const useRuns = (filter: RunFilter) =>
  useInfiniteQuery<RunPage, Error, InfiniteData<RunPage, string | null>, [string, RunFilter], string | null>({
    queryKey: ["runs", filter],
    initialPageParam: null,
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/runs", {
          params: { query: { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    getNextPageParam: ({ next }) => next,
    placeholderData: (previous) => previous,
  });

/** The newest runs that are over: those whose models another run may begin with. */
export const useOver = () =>
  useQuery({
    queryKey: ["over"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/runs", { params: { query: { state: ["succeeded", "stopped", "failed", "cancelled"], limit: 200 } }, signal })),
    select: ({ runs }) => runs,
    staleTime: 5_000,
  });

export const runQuery = (id: string) => ({
  queryKey: ["run", id],
  queryFn: ({ signal }: { signal: AbortSignal }) => body(api.GET("/api/runs/{run_id}", { params: { path: { run_id: id } }, signal })),
});

export const useRun = (id: string) => useQuery(runQuery(id));

/** Runs that are looked at together: those submitted as a group, in the order in which they are claimed, or these. */
export function useGroup(group: string, ids: string[]) {
  return useQuery<RunRow[]>({
    queryKey: ["together", group, ids],
    refetchInterval: ({ state }) => (state.data?.every((run) => isTerminal(run.state)) ? false : 2_000),
    queryFn: async ({ signal }) => {
      if (!group) return Promise.all(ids.map((id) => body(api.GET("/api/runs/{run_id}", { params: { path: { run_id: id } }, signal }))));
      const query = { group, descending: false, limit: 500 };
      return (await body(api.GET("/api/runs", { params: { query }, signal }))).runs;
    },
  });
}

/** Everything that happened to a run, its points left out. */
export const useEvents = (id: string) =>
  useQuery({
    queryKey: ["events", id],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{run_id}/events", { params: { path: { run_id: id } }, signal })),
  });

export const deleteRun = (id: string) => api.DELETE("/api/runs/{run_id}", { params: { path: { run_id: id } } });
