import type { Figure, Trace, Value } from "../api/figure";
import type { StreamEvent } from "../api/types";

/** No trace holds more points than a screen has columns for. */
export const MOST_POINTS = 1500;

/** So many points can be told apart: more of them are drawn as a line alone. */
export const FEW = 40;

/** The value of a streamed number; what JSON has no word for becomes a gap in the line. */
export const drawn = (value: number | string | null | undefined): Value => (typeof value === "number" ? value : null);

/** The steps and values with each x-bucket reduced to its first, lowest, highest and last: a spike never vanishes. */
export function decimate(x: Value[], y: Value[], most = MOST_POINTS): { x: Value[]; y: Value[] } {
  if (x.length <= most) return { x, y };
  const first = x[0] ?? 0;
  const width = ((x.at(-1) ?? 0) - first || 1) / Math.max(1, Math.floor(most / 5));
  const kept = new Set<number>([x.length - 1]);
  let from = 0;
  for (let at = 1; at <= x.length; at += 1) {
    const same = at < x.length && bucket(x[at], first, width) === bucket(x[from], first, width);
    if (same) continue;
    for (const index of extremes(y, from, at)) kept.add(index);
    from = at;
  }
  const indices = [...kept].sort((a, b) => a - b);
  return { x: indices.map((i) => x[i] ?? null), y: indices.map((i) => y[i] ?? null) };
}

const bucket = (x: Value | undefined, first: number, width: number): number => Math.floor(((x ?? 0) - first) / width);

function extremes(y: Value[], from: number, to: number): number[] {
  let low = -1;
  let high = -1;
  let gap = -1;
  for (let i = from; i < to; i += 1) {
    const value = y[i] ?? null;
    if (value === null) gap = i;
    else {
      if (low < 0 || value < (y[low] as number)) low = i;
      if (high < 0 || value > (y[high] as number)) high = i;
    }
  }
  return [from, low, high, gap].filter((index) => index >= 0);
}

/** The figure after these events, oldest first; the same object when none of them concerns it. */
export function advance(figure: Figure, events: StreamEvent[]): Figure {
  const fresh = events.filter((event) => event.run_id in figure.seq && event.seq > (figure.seq[event.run_id] ?? 0));
  if (fresh.length === 0) return figure;
  const seq = { ...figure.seq };
  for (const event of fresh) seq[event.run_id] = event.seq;
  const data = figure.data.map((trace) => advanceTrace(trace, fresh));
  const changed = data.some((trace, i) => trace !== figure.data[i]);
  return { ...figure, data: changed ? data : figure.data, seq };
}

function advanceTrace(trace: Trace, events: StreamEvent[]): Trace {
  const { run, metric } = trace.meta ?? {};
  if (!run || !metric) return trace;
  let { x, y } = trace;
  for (const event of events) {
    if (event.run_id !== run) continue;
    if (event.kind === "rewind") ({ x, y } = withdraw(x, y, Number(event.body.step)));
    else if (event.columns) ({ x, y } = append(x, y, event.columns.steps, event.columns.metrics[metric]));
  }
  return x === trace.x ? trace : { ...trace, ...decimate(x, y), mode: x.length > FEW ? withoutMarkers(trace.mode) : trace.mode };
}

const withoutMarkers = (mode: string | undefined) => (mode === "lines+markers" ? "lines" : mode);

function withdraw(x: Value[], y: Value[], step: number): { x: Value[]; y: Value[] } {
  const end = x.findIndex((at) => at !== null && at > step);
  return end < 0 ? { x, y } : { x: x.slice(0, end), y: y.slice(0, end) };
}

function append(
  x: Value[],
  y: Value[],
  steps: number[],
  values: (number | string)[] | undefined,
): { x: Value[]; y: Value[] } {
  if (!values) return { x, y };
  const last = x.at(-1) ?? Number.NEGATIVE_INFINITY;
  const from = steps.findIndex((step) => step > last);
  if (from < 0) return { x, y };
  return { x: x.concat(steps.slice(from)), y: y.concat(values.slice(from).map(drawn)) };
}

/** The last step of any live trace, for those who read the chart without seeing it. */
export function lastStep(figure: Pick<Figure, "data">): number | null {
  const ends = figure.data.filter((trace) => trace.meta?.metric).map((trace) => trace.x.at(-1) ?? -1);
  return ends.length ? Math.max(...ends) : null;
}
