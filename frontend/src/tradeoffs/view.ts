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
  /** What models are compared on; empty is the data set of the newest run. */
  dataset: string;
  /** What timed them; empty is the machine of the newest run. */
  machine: string;
  runs: string[];
  models: string[];
  /** File formats and devices; none means all. */
  formats: string[];
  devices: string[];
  /** Columns that somebody chose; none means the default ones. */
  columns: string[];
  sort: Sort;
  change: ReturnType<typeof useUrlState>[1];
}

export const MINIMIZE = "bytes";

/** What the Trade-offs page shows, read from its address. */
export function useTradeoffsView(): TradeoffsView {
  const [params, change] = useUrlState();
  const runs = useNames(params, "runs");
  const dataset = params.get("dataset") ?? "";
  const machine = params.get("machine") ?? "";
  const models = useNames(params, "model");
  const formats = useNames(params, "format");
  const devices = useNames(params, "device");
  const columns = useNames(params, "columns");
  const order = params.get("sort");
  const sort = useMemo(() => sortFrom(order), [order]);
  const minimize = params.get("minimize") ?? MINIMIZE;
  const where = params.get("where") ?? "";
  const quality = params.get("quality") ?? "";
  const cost = params.get("cost") ?? minimize;
  return useMemo(
    () => ({ where, minimize, quality, cost, dataset, machine, runs, models, formats, devices, columns, sort, change }),
    [where, minimize, quality, cost, dataset, machine, runs, models, formats, devices, columns, sort, change],
  );
}

/** The same list for as long as the address names the same: what is drawn from it alone is not drawn again. */
function useNames(params: URLSearchParams, name: string): string[] {
  const text = params.get(name) ?? "";
  return useMemo(() => listed(new URLSearchParams({ [name]: text }), name), [name, text]);
}
