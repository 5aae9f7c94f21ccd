import { useMemo } from "react";
import type { RunState } from "../api/types";
import type { RunFilter } from "../api/runs";
import { STATES } from "../api/states";
import { listed, useUrlState } from "../ui/url";

export interface RunsView {
  filter: RunFilter;
  /** Runs that the reader chose for the charts; none means the first ten. */
  selected: string[];
  hidden: string[];
  change: ReturnType<typeof useUrlState>[1];
}

/** What the Runs page shows, read from its address. */
export function useRunsView(): RunsView {
  const [params, change] = useUrlState();
  return useMemo(
    () => ({
      filter: filterOf(params),
      selected: listed(params, "runs"),
      hidden: listed(params, "hide"),
      change,
    }),
    [params, change],
  );
}

function filterOf(params: URLSearchParams): RunFilter {
  const state = listed(params, "state").filter((name): name is RunState => STATES.includes(name as RunState));
  return {
    ...(state.length ? { state } : {}),
    ...(params.get("study") ? { study: params.get("study") as string } : {}),
    ...(params.get("search") ? { search: params.get("search") as string } : {}),
    sort: params.get("sort") ?? "created_at",
    descending: params.get("order") !== "up",
  };
}
