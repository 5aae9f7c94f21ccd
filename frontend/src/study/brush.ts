/** Brushes on parallel coordinates: what a box on an axis keeps stays strong, the rest turns faint. */

import type { Figure, Trace, Value } from "../api/figure";
import type { Box } from "../charts/drawer";

/** Axis -> the part of it that is kept, as shares of its height. */
export type Brushes = Readonly<Record<number, readonly [number, number]>>;

/** The brushes with a box drawn over some axes; one that covers none takes nothing away. */
export function withBox(brushes: Brushes, { x, y }: Box): Brushes {
  const [left, right] = sorted(x);
  const [low, high] = sorted(y);
  const after: Record<number, readonly [number, number]> = { ...brushes };
  for (let axis = Math.ceil(left); axis <= Math.floor(right); axis += 1) if (axis >= 0) after[axis] = [low, high];
  return after;
}

const sorted = ([a, b]: [number, number]): [number, number] => (a < b ? [a, b] : [b, a]);

/** The figure with what the brushes leave out in faint lines, and how many lines are kept. */
export function brushed(figure: Figure, brushes: Brushes): { figure: Figure; kept: number; all: number } {
  let kept = 0;
  let all = 0;
  const data = figure.data.flatMap((trace) => {
    const lines = linesOf(trace);
    const inside = lines.filter((line) => within(trace, line, brushes));
    kept += inside.length;
    all += lines.length;
    if (inside.length === lines.length) return [trace];
    const outside = lines.filter((line) => !inside.includes(line));
    return [{ ...part(trace, outside), opacity: 0.12, hoverinfo: "skip", hovertemplate: undefined }, part(trace, inside)];
  });
  data.sort((a, b) => (a.opacity ?? 1) - (b.opacity ?? 1));
  const boxes = Object.entries(brushes).map(([axis, [low, high]]) => box(Number(axis), low, high));
  const layout = { ...figure.layout, shapes: [...(figure.layout.shapes ?? []), ...boxes], selections: [], selectionrevision: JSON.stringify(brushes) };
  return { figure: { ...figure, data, layout }, kept, all };
}

type Line = readonly [from: number, to: number];

/** Where each line of a trace begins and ends; between two of them is a gap. */
function linesOf({ x }: Trace): Line[] {
  const lines: Line[] = [];
  let from = 0;
  for (let at = 0; at <= x.length; at += 1) {
    if (at < x.length && x[at] !== null) continue;
    if (at > from) lines.push([from, at]);
    from = at + 1;
  }
  return lines;
}

function within({ x, y }: Trace, [from, to]: Line, brushes: Brushes): boolean {
  for (let at = from; at < to; at += 1) {
    const range = brushes[x[at] as number];
    const value = y[at] ?? null;
    if (range && (value === null || value < range[0] || value > range[1])) return false;
  }
  return true;
}

const POINTWISE = ["x", "y", "text", "customdata"] as const;

function part(trace: Trace, lines: readonly Line[]): Trace {
  const pick = (values: unknown): Value[] | undefined =>
    Array.isArray(values) ? lines.flatMap(([from, to]) => [...(values.slice(from, to) as Value[]), null]) : undefined;
  return { ...trace, ...Object.fromEntries(POINTWISE.map((name) => [name, pick(trace[name])])) } as Trace;
}

const box = (axis: number, low: number, high: number) => ({
  type: "rect", x0: axis - 0.06, x1: axis + 0.06, y0: low, y1: high, line: { width: 1, color: "#5f7eec" }, fillcolor: "rgba(95,126,236,0.18)",
});
