import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type { ChartRow, RunDetail } from "./types";

/** Every chart that there is, in the order in which a run shows them. */
export function useCharts(): ChartRow[] {
  const { data } = useQuery({ queryKey: ["charts"], staleTime: Infinity, queryFn: ({ signal }) => body(api.GET("/api/charts", { signal })) });
  return data ?? [];
}

/** The charts of a group that have something to show of the run, or will have when it begins. */
export function offered(charts: ChartRow[], group: ChartRow["group"], run: Pick<RunDetail, "latest" | "summaries" | "results">): ChartRow[] {
  const metrics = new Set(Object.keys(run.latest ?? {}));
  const shown = new Set(run.summaries ?? []);
  const shows = (chart: ChartRow) =>
    (chart.expected && metrics.size === 0) ||
    chart.metrics.some((metric) => metrics.has(metric)) ||
    chart.summaries.some((kind) => shown.has(kind)) ||
    (chart.results && (run.results?.length ?? 0) > 0);
  return charts.filter((chart) => chart.group === group && shows(chart));
}
