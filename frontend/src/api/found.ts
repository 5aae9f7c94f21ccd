import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";

const FOUND = 20;

/** The newest runs whose name holds the text or whose id begins with it. */
export const useFound = (search: string) =>
  useQuery({
    queryKey: ["found", search],
    queryFn: ({ signal }) => body(api.GET("/api/runs", { params: { query: { search, limit: FOUND } }, signal })),
    select: ({ runs }) => runs,
    placeholderData: (previous) => previous,
    staleTime: 2_000,
  });
