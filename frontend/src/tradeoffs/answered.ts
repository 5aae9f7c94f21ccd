/** What the answer names, and the figure, which was drawn without the question, leaves out of very many artifacts. */

import type { Figure, Trace } from "../api/figure";
import { words } from "../format";
import { artifactsOf, holdsArtifacts } from "./emphasize";
import { write, type Units } from "./fields";
import type { Row } from "./rows";

export interface Axes {
  cost: string;
  quality: string;
  units: Units;
  colors: ReadonlyMap<string, string>;
}

const UNKNOWN = "#8a8f9c";
const SIZE = 7;

/** The figure with those that qualify, or are nearest, as points of their own where it has none of them. */
export function withAnswer(figure: Figure, rows: readonly Row[], axes: Axes): Figure {
  const drawn = new Set(figure.data.filter(holdsArtifacts).flatMap(artifactsOf));
  const left = rows.filter((row) => row.standing !== "misses" && !drawn.has(row.artifact) && axes.cost in row.values && axes.quality in row.values);
  const formats = [...new Set(left.map(({ exporter }) => exporter))];
  const traces = formats.map((format) => points(left.filter(({ exporter }) => exporter === format), symbolOf(figure, format), axes));
  return traces.length > 0 ? { ...figure, data: [...figure.data, ...traces] } : figure;
}

function points(rows: readonly Row[], symbol: string, { cost, quality, units, colors }: Axes): Trace {
  const about = (row: Row) =>
    `<b>${plain(row.label)}</b> (${plain(words(row.exporter))} in ${plain(row.runtime)})<br>${plain(row.run_name)} · seed ${row.seed}<br>` +
    `${quality} ${write(row.values[quality], units[quality])}, ${cost} ${write(row.values[cost], units[cost])}`;
  return {
    type: "scatter",
    mode: "markers",
    x: rows.map(({ values }) => values[cost] ?? null),
    y: rows.map(({ values }) => values[quality] ?? null),
    marker: { color: rows.map(({ run_id }) => colors.get(run_id) ?? UNKNOWN), size: SIZE, symbol },
    text: rows.map(about),
    hovertemplate: "%{text}<extra></extra>",
    customdata: rows.map(({ run_id, stage, artifact }) => [run_id, stage, artifact]),
    showlegend: false,
    meta: { role: "artifacts" } as Trace["meta"],
  };
}

/** The marker by which the figure tells this format from others. */
function symbolOf({ data }: Figure, format: string): string {
  const about = (trace: Trace) => trace.meta as { role?: string; format?: string } | null | undefined;
  const shown = data.find((trace) => about(trace)?.role === "format" && about(trace)?.format === format) ?? data.find(holdsArtifacts);
  const symbol = (shown?.["marker"] as { symbol?: unknown } | undefined)?.symbol;
  return typeof symbol === "string" ? symbol : "circle";
}

/** Text for Plotly, which takes it for HTML with placeholders. */
const plain = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("%{", "%&#123;");
