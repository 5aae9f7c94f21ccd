import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";

/** The workers and the length of the queue. Polled slowly: a worker that vanishes says nothing. */
export const useWorkers = () =>
  useQuery({
    queryKey: ["workers"],
    queryFn: ({ signal }) => body(api.GET("/api/workers", { signal })),
    refetchInterval: 5_000,
  });
