import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { isTerminal } from "./states";
import { api, body } from "./client";
import type { RunPage, RunRow, RunState, StreamEvent } from "./types";

const PAGE = 50;
/** A place in the queue changes with every other run: it is asked for again after so many milliseconds. */
const QUEUE_PACE = 5_000;
const isQueued = ({ state }: Pick<RunRow, "state">): boolean => state === "queued";

/** Asks for runs that are no trial of a study. */
export const NO_STUDY = "none";

/** What a list of runs was asked to show. */
export interface RunFilter {
  state?: RunState[];
  search?: string;
  /** Only trials of this study; `none` for runs that are no trial. */
  study?: string;
  sort?: string;
  descending?: boolean;
}

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
    refetchInterval: ({ state }) => (state.data?.pages.some(({ runs }) => runs.some(isQueued)) ? QUEUE_PACE : false),
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

export const useRun = (id: string) => useQuery({ ...runQuery(id), refetchInterval: ({ state }) => (state.data && isQueued(state.data) ? QUEUE_PACE : false) });

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

type Kind = StreamEvent["kind"];

const MOST = 1000;

/** What a run's page tells beside its log. There is little of it, however long the run. */
export const MARKS: readonly Kind[] = ["state", "stage_began", "stage_ended", "rewind", "diagnostic", "alert", "command", "forked"];

/** What the log tells. A summary is seen where it is drawn; some come every few steps. */
export const LOGGED: readonly Kind[] = [...MARKS, "checkpoint", "log"];

const page = (id: string, query: { kind: readonly Kind[]; limit: number; after?: number; before?: number; newest?: boolean }, signal: AbortSignal) =>
  body(api.GET("/api/runs/{run_id}/events", { params: { path: { run_id: id }, query: { ...query, kind: [...query.kind] } }, signal }));

async function every(id: string, signal: AbortSignal): Promise<StreamEvent[]> {
  const found: StreamEvent[] = [];
  for (;;) {
    const next = await page(id, { kind: MARKS, limit: MOST, after: found.at(-1)?.seq ?? 0 }, signal);
    found.push(...next);
    if (next.length < MOST) return found;
  }
}

/** Everything of the kinds `MARKS` that happened to a run, in order. */
export const useEvents = (id: string) => useQuery({ queryKey: ["events", id], queryFn: ({ signal }) => every(id, signal) });

const LOG_PAGE = 200;

/** A run's log, newest first, page by page. The live stream adds to the first one. */
export const useLog = (id: string) =>
  useInfiniteQuery<StreamEvent[], Error, InfiniteData<StreamEvent[], number | null>, [string, string], number | null>({
    queryKey: ["log", id],
    initialPageParam: null,
    queryFn: ({ pageParam, signal }) =>
      page(id, { kind: LOGGED, limit: LOG_PAGE, newest: true, ...(pageParam ? { before: pageParam } : {}) }, signal),
    getNextPageParam: (last) => (last.length < LOG_PAGE ? null : last.at(-1)?.seq),
  });

export const deleteRun = (id: string) => api.DELETE("/api/runs/{run_id}", { params: { path: { run_id: id } } });
