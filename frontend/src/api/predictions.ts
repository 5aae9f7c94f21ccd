import { useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type { FileInterface, StagePredictions } from "./types";

/** What the run's files take and answer; `files` are how many there are: the newest stage tells. */
export const useInterface = (id: string, files: number) =>
  useQuery<FileInterface>({
    queryKey: ["interface", id, files],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{run_id}/interface", { params: { path: { run_id: id } }, signal })),
    staleTime: Infinity,
  });

/** Asks the file of each stage for its answers to the samples in a file. */
export const usePredictions = (id: string) =>
  useMutation<StagePredictions[], Error, { content: Blob; type: string }>({
    mutationFn: ({ content, type }) =>
      body(
        api.POST("/api/runs/{run_id}/predictions", {
          params: { path: { run_id: id } },
          body: content as unknown as string,
          bodySerializer: (sent) => sent,
          headers: { "Content-Type": type },
        }),
      ),
  });
