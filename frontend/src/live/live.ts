import { notifications } from "@mantine/notifications";
import type { QueryClient } from "@tanstack/react-query";
import type { Figure } from "../api/figure";
import { queryClient } from "../api/queryClient";
import { LOGGED, MARKS, type RunFilter } from "../api/runs";
import type { RunDetail, RunRow, StreamEvent } from "../api/types";
import { advance } from "../charts/figure";
import { tryAgain } from "../ui/recovery";
import { editDetail, editEvents, editLog, editPages, type LogPages, type RunPages } from "./edits";
import { Feed } from "./feed";

/** What else is out of date after an event of this kind. Points are not here: they only extend the curves. */
const STALE: Partial<Record<StreamEvent["kind"], string[]>> = {
  state: ["run", "tradeoffs", "workers", "proofs"],
  stage_began: ["run", "liveParameters", "figures"],
  stage_ended: ["run", "figures", "tradeoffs"],
  checkpoint: ["run", "proofs"],
  command: ["run", "liveParameters", "figures"],
  forked: ["run", "figures"],
  summary: ["run"],
  alert: ["figures"],
};

const MOMENT = 120;

/** The live stream of this tab. It edits the query cache, so that every page shows the same. */
export const feed: Feed = new Feed({
  onEvents: (events) => editByEvents(queryClient, events),
  onRows: (rows) => editByRows(queryClient, rows),
  onGap: catchUp,
  onLate: (run) => {
    catchUp(run);
    void queryClient.invalidateQueries({ queryKey: ["runs"] });
  },
  onReturn: () => {
    tryAgain();
    void queryClient.invalidateQueries({ queryKey: ["runs"] });
    void queryClient.invalidateQueries({ queryKey: ["run"] });
    void queryClient.invalidateQueries({ queryKey: ["workers"] });
    void queryClient.invalidateQueries({ queryKey: ["catalog"] });
  },
});

function editByEvents(client: QueryClient, events: StreamEvent[]): void {
  advanceFigures(client);
  const byRun = Map.groupBy(events, ({ run_id }) => run_id);
  for (const [run, own] of byRun) {
    client.setQueryData<StreamEvent[]>(["events", run], (known) => known && editEvents(known, own, MARKS));
    client.setQueryData<LogPages>(["log", run], (log) => log && editLog(log, own, LOGGED));
    const stale = new Set(own.flatMap(({ kind }) => STALE[kind] ?? []));
    for (const resource of stale) refetchSoon(client, resource, run);
    for (const { seq, kind, body } of own) if (kind === "alert") tell(client, run, seq, String(body.text));
    const shown = new Set(own.filter(({ kind }) => kind === "summary").map(({ body }) => String(body.kind)));
    if (shown.size > 0) refetchSummaries(client, run, shown);
  }
}

/** An alert of a run, on whatever page one is; the run's own page keeps it. */
function tell(client: QueryClient, run: string, seq: number, text: string): void {
  const name = client.getQueryData<RunDetail>(["run", run])?.name ?? "A run";
  notifications.show({ id: `alert-${run}-${seq}`, color: "orange", autoClose: 15_000, title: `Alert: ${name}`, message: text });
}

const due = new Map<string, () => void>();

/** Fetches again after a moment: a stage that ends and the next one that begins ask once. */
function refetchSoon(client: QueryClient, resource: string, run: string): void {
  if (due.size === 0)
    setTimeout(() => {
      for (const fetch of due.values()) fetch();
      due.clear();
    }, MOMENT);
  due.set(`${resource} ${run}`, () => refetch(client, resource, run));
}

/** Extends every figure in the cache by the events that it lacks. */
function advanceFigures(client: QueryClient): void {
  for (const { queryKey, state } of client.getQueryCache().findAll({ queryKey: ["figures"] })) {
    const figure = state.data as Figure | undefined;
    if (!figure) continue;
    const next = caughtUp(figure);
    if (next === null) void client.invalidateQueries({ queryKey, exact: true }, { cancelRefetch: false });
    else if (next !== figure) client.setQueryData(queryKey, next);
  }
}

/** The figure after all events that this tab has seen; null when some of them are no longer held. */
export function caughtUp(figure: Figure): Figure | null {
  const missing: StreamEvent[] = [];
  for (const [run, seq] of Object.entries(figure.seq)) {
    const events = feed.after(run, seq);
    if (events === null) return null;
    missing.push(...events);
  }
  return advance(figure, missing);
}

/** The figure after all events that this tab still holds. */
export const latest = (figure: Figure): Figure => caughtUp(figure) ?? figure;

function refetch(client: QueryClient, resource: string, run: string): void {
  const concerned = resource === "tradeoffs" || resource === "workers" ? null : run;
  void client.invalidateQueries({
    queryKey: [resource],
    predicate: ({ queryKey }) => concerned === null || queryKey.flat().includes(concerned),
  });
}

/** Fetches again what is drawn from summaries of these kinds. */
function refetchSummaries(client: QueryClient, run: string, kinds: Set<string>): void {
  void client.invalidateQueries({
    queryKey: ["figures"],
    predicate: ({ queryKey, state }) => {
      const drawn = (state.data as Figure | undefined)?.layout.meta?.summaries ?? [];
      return queryKey.flat().includes(run) && drawn.some((kind) => kinds.has(kind));
    },
  });
}

/** Fetches again all that is shown of a run: what the stream did not bring. */
export function catchUp(run: string): void {
  for (const resource of ["figures", "events", "log", "run", "proofs"]) refetch(queryClient, resource, run);
}

function editByRows(client: QueryClient, rows: RunRow[]): void {
  for (const { queryKey } of client.getQueryCache().findAll({ queryKey: ["runs"] })) {
    client.setQueryData<RunPages>(queryKey, (pages) => pages && editPages(pages, rows, queryKey[1] as RunFilter));
  }
  for (const row of rows) {
    client.setQueryData<RunDetail>(["run", row.id], (detail) => detail && editDetail(detail, row));
  }
}
