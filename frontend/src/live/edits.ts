import type { InfiniteData } from "@tanstack/react-query";
import { NO_STUDY, type RunFilter } from "../api/runs";
import type { RunDetail, RunPage, RunRow, RunState, StreamEvent } from "../api/types";

export type RunPages = InfiniteData<RunPage, string | null>;
export type LogPages = InfiniteData<StreamEvent[], number | null>;

/** The list with these rows in their latest form; new runs come first, those that left the filter go. */
export function editPages(pages: RunPages, rows: RunRow[], filter: RunFilter): RunPages {
  const latest = new Map(rows.filter(({ counterfactual_of }) => !counterfactual_of).map((row) => [row.id, row]));
  const moves: Move[] = [];
  const edited = pages.pages.map((page) => ({ ...page, runs: editRows(page.runs, latest, filter, moves) }));
  const first = edited[0];
  if (!first) return pages;
  const born = [...latest.values()].filter((row) => isNew(row, pages));
  for (const row of born) moves.push({ from: null, to: row.state });
  first.runs = [...born.filter((row) => fits(row, filter)), ...first.runs];
  first.counts = recount(first.counts, moves);
  return { ...pages, pages: edited };
}

interface Move {
  from: RunState | null;
  to: RunState;
}

function editRows(runs: RunRow[], latest: Map<string, RunRow>, filter: RunFilter, moves: Move[]): RunRow[] {
  return runs.flatMap((old) => {
    const row = latest.get(old.id);
    if (!row) return [old];
    latest.delete(old.id);
    if (row.last_seq < old.last_seq) return [old];
    if (row.state !== old.state) moves.push({ from: old.state, to: row.state });
    return fits(row, filter) ? [placed(row, old)] : [];
  });
}

/** The stream's rows say nothing of the place in the queue: the last one that is known stays. */
const placed = <R extends RunRow>(row: RunRow, old: R): R => ({ ...old, ...row, queue: row.queue ?? old.queue });

/** A run that is younger than every run in the list; an older one is on a page that was not asked for. */
function isNew(row: RunRow, pages: RunPages): boolean {
  const youngest = pages.pages.flatMap(({ runs }) => runs.map(({ created_at }) => Date.parse(created_at)));
  return youngest.length === 0 || Date.parse(row.created_at) > Math.max(...youngest);
}

function fits(row: RunRow, { state, search, study }: RunFilter): boolean {
  if (study && (row.study_id ?? NO_STUDY) !== study) return false;
  if (state?.length && !state.includes(row.state)) return false;
  return !search || row.name.toLowerCase().includes(search.toLowerCase());
}

function recount(counts: RunPage["counts"], moves: Move[]): RunPage["counts"] {
  const now: RunPage["counts"] = { ...counts };
  for (const { from, to } of moves) {
    if (from) now[from] = Math.max(0, (now[from] ?? 0) - 1);
    now[to] = (now[to] ?? 0) + 1;
  }
  return now;
}

/** The run's detail with what its row says now. */
export const editDetail = (detail: RunDetail, row: RunRow): RunDetail =>
  row.last_seq < detail.last_seq ? detail : placed(row, detail);

/** What happened with these events at its end: those of these kinds, none twice. */
export function editEvents(known: StreamEvent[], events: StreamEvent[], kinds: readonly StreamEvent["kind"][]): StreamEvent[] {
  const fresh = newer(events, kinds, known.at(-1)?.seq);
  return fresh.length ? [...known, ...fresh] : known;
}

/** The log with these events at its beginning, newest first: those of these kinds, none twice. */
export function editLog(log: LogPages, events: StreamEvent[], kinds: readonly StreamEvent["kind"][]): LogPages {
  const [first = [], ...older] = log.pages;
  const fresh = newer(events, kinds, first[0]?.seq);
  return fresh.length ? { ...log, pages: [[...fresh.reverse(), ...first], ...older] } : log;
}

const newer = (events: StreamEvent[], kinds: readonly StreamEvent["kind"][], last = 0): StreamEvent[] =>
  events.filter(({ kind, seq }) => seq > last && kinds.includes(kind));
