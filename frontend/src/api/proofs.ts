import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

export type Proof = components["schemas"]["Proof"];

/** What was compared of the run, bit by bit; asked again when its events say that there is more. */
export const useProofs = (run: string) =>
  useQuery({
    queryKey: ["proofs", run],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{run_id}/proofs", { params: { path: { run_id: run } }, signal })),
  });
