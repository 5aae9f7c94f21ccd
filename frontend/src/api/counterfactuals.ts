import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isTerminal } from "./states";
import { api, body } from "./client";
import type { RunDetail, RunPage } from "./types";

/** The runs that show this one without one of its commands, oldest first. */
export function useCounterfactuals(run: RunDetail) {
  const ids = run.relatives?.filter(({ relation }) => relation === "counterfactual").map(({ id }) => id) ?? [];
  const { data } = useQuery<RunPage>({
    queryKey: ["counterfactuals", run.id, ids],
    enabled: ids.length > 0,
    refetchInterval: ({ state }) => (state.data?.runs.every(({ state: each }) => isTerminal(each)) ? false : 2_000),
    queryFn: ({ signal }) => body(api.GET("/api/runs", { params: { query: { counterfactuals_of: run.id, descending: false, limit: 20 } }, signal })),
  });
  return data?.runs ?? NONE;
}

const NONE: never[] = [];

/** Asks for the counterfactual run without the command that an event tells of. */
export function useAskCounterfactual(run: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (seq: number) => body(api.POST("/api/runs/{run_id}/counterfactuals", { params: { path: { run_id: run } }, body: { seq } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["run", run] }),
  });
}
