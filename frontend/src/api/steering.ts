import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

export type Ask = components["schemas"]["CommandKind"];
export type LiveParameterRow = components["schemas"]["LiveParameterRow"];

/** The live parameters that a live run takes now; asked again whenever the run's events say that something was turned. */
export const useLiveParameters = (run: string) =>
  useQuery({
    queryKey: ["liveParameters", run],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{run_id}/live-parameters", { params: { path: { run_id: run } }, signal })),
  });

/** Asks something of a live run. */
export function useCommand() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ run, kind, what = {}, why = "" }: { run: string; kind: Ask; what?: Record<string, unknown>; why?: string }) =>
      body(api.POST("/api/runs/{run_id}/commands", { params: { path: { run_id: run } }, body: { kind, body: what, why } })),
    onSettled: () => Promise.all(["runs", "run", "liveParameters"].map((name) => client.invalidateQueries({ queryKey: [name] }))),
  });
}
