import { useMemo } from "react";

import { listed, useUrlState } from "../ui/url";
import { sortFrom, type Sort } from "./rows";

export interface TradeoffsView {
  where: string;
  minimize: string;
  /** How well a model does; empty leaves the choice to what was measured. */
  quality: string;
  /** The chart's horizontal axis: what is minimized, unless somebody chose otherwise. */
  cost: string;
  runs: string[];
  datasets: string[];
  models: string[];
  /** File formats and devices; none means all. */
  formats: string[];
  devices: string[];
  /** Columns that somebody chose; none means the usual ones. */
  columns: string[];
  sort: Sort;
  change: ReturnType<typeof useUrlState>[1];
}

export const MINIMIZE = "bytes";

/** What the Trade-offs page shows, read from its address. */
export function useTradeoffsView(): TradeoffsView {
  const [params, change] = useUrlState();
  return useMemo(() => {
    const minimize = params.get("minimize") ?? MINIMIZE;
    return {
      where: params.get("where") ?? "",
      minimize,
      quality: params.get("quality") ?? "",
      cost: params.get("cost") ?? minimize,
      runs: listed(params, "runs"),
      datasets: listed(params, "dataset"),
      models: listed(params, "model"),
      formats: listed(params, "format"),
      devices: listed(params, "device"),
      columns: listed(params, "columns"),
      sort: sortFrom(params.get("sort")),
      change,
    };
  }, [params, change]);
}
