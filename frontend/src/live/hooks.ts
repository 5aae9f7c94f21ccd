import { useEffect, useRef, useSyncExternalStore } from "react";
import type { RunRow } from "../api/types";
import { isTerminal } from "../api/states";
import { catchUp, feed } from "./live";

/** Keeps the live stream open while the application is shown. */
export function useLiveStream(): void {
  useEffect(() => feed.start(), []);
}

/** Follows the events of those of these runs that can still have any; what is shown of one that ends is fetched once more. */
export function useWatch(runs: Pick<RunRow, "id" | "last_seq" | "state">[]): void {
  const live = runs.filter(({ state }) => !isTerminal(state));
  const ids = live.map(({ id }) => id).join(",");
  const followed = useRef(new Set<string>());
  useEffect(() => {
    for (const { id } of live) followed.current.add(id);
    for (const { id, state } of runs) if (isTerminal(state) && followed.current.delete(id)) catchUp(id);
  }, [ids]);
  // The cursors matter only when a run is first followed; the stream keeps its own from then on.
  useEffect(() => feed.watch(live.map(({ id, last_seq }) => ({ id, seq: last_seq }))), [ids]);
}

export const useFeedState = () => useSyncExternalStore(feed.subscribe, feed.snapshot);
