import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isTerminal } from "./states";
import { api, body } from "./client";
import type { RunDetail, RunPage } from "./types";

/** The runs that show this one without one of its interventions, oldest first. */
export function useGhosts(run: RunDetail) {
  const ids = run.relatives?.filter(({ relation }) => relation === "ghost").map(({ id }) => id) ?? [];
  const { data } = useQuery<RunPage>({
    queryKey: ["ghosts", run.id, ids],
    enabled: ids.length > 0,
    refetchInterval: ({ state }) => (state.data?.runs.every(({ state: each }) => isTerminal(each)) ? false : 2_000),
    queryFn: ({ signal }) => body(api.GET("/api/runs", { params: { query: { ghosts_of: run.id, descending: false, limit: 20 } }, signal })),
  });
  return data?.runs ?? NONE;
}

const NONE: never[] = [];

/** Asks for the ghost without the intervention that an event tells of. */
export function useAskGhost(run: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (seq: number) => body(api.POST("/api/runs/{run_id}/ghosts", { params: { path: { run_id: run } }, body: { seq } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["run", run] }),
  });
}
