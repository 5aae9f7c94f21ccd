import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";

/** What the workers can do. It changes when a worker starts, hence the slow poll while it is looked at, and a fast one while none is ready. */
export const useCatalog = () =>
  useQuery({
    queryKey: ["catalog"],
    queryFn: ({ signal }) => body(api.GET("/api/catalog", { signal })),
    refetchInterval: ({ state: { data } }) => (data?.entries?.length && !data.stale ? 60_000 : 2_000),
  });

/** One JSON Schema of the whole spec. */
export const useExperimentSchema = () =>
  useQuery({
    queryKey: ["schema", "experiment"],
    queryFn: ({ signal }) => body(api.GET("/api/schema/experiment", { signal })),
  });
