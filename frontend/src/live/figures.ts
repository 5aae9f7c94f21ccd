import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { Figure, Layout, Theme, Trace } from "../api/figure";
import type { RunRow } from "../api/types";
import { feed, latest } from "./live";

interface Wire {
  data: Trace[];
  layout: Layout;
}

/** A Plotly figure of these runs. Streamed points extend it where it lies in the cache. */
export function useFigure(chart: string, runs: Pick<RunRow, "id" | "last_seq">[], theme: Theme, target?: number) {
  const ids = runs.map(({ id }) => id);
  return useQuery({
    queryKey: ["figures", chart, ids, theme, target],
    enabled: ids.length > 0,
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      // Taken before the request: what happens meanwhile is applied afterwards, and applying it twice changes nothing.
      const seq = Object.fromEntries(runs.map(({ id, last_seq }) => [id, feed.seen(id) ?? last_seq]));
      const query = { runs: ids.join(","), theme, ...(target === undefined ? {} : { target }) };
      const wire = (await body(api.GET("/api/figures/{chart}", { params: { path: { chart }, query }, signal }))) as unknown as Wire;
      const figure: Figure = { ...wire, seq: { ...seq, ...wire.layout.meta?.seq } };
      return latest(figure);
    },
  });
}
