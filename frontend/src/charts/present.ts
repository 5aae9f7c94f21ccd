import type { Figure, Layout, Trace, Value } from "../api/figure";
import { decimate, FEW, lastStep, MOST_POINTS } from "./figure";

/** A chart of many curves shares its points among them, so that drawing it does not hold up the page. */
const ALL_POINTS = 9000;
const FEWEST_POINTS = 300;

const WITHOUT_LEGEND = { l: 56, r: 16, t: 24, b: 36 };

/** How the reader wants to see a figure; nothing of this is known to the server. */
export interface View {
  /** Weight of the past in the smoothed line, 0 (as measured) to 0.99. */
  smoothing?: number;
  logY?: boolean;
  /** The run whose curves stand out. */
  highlight?: string | null;
  /** Whether the axis is fitted to nearly all values, so that a few far ones do not flatten the rest. */
  clip?: boolean;
  /** Whether the chart names its curves itself; not where a table beside it does. */
  legend?: boolean;
}

/** The figure as the reader wants it drawn. The figure itself is left as it is. */
export function present(figure: Figure, view: View): Pick<Figure, "data" | "layout"> {
  const { smoothing = 0, highlight = null } = view;
  const most = Math.max(FEWEST_POINTS, Math.min(MOST_POINTS, Math.floor(ALL_POINTS / figure.data.length)));
  const thinned = figure.data.map((trace) => (isLive(trace) ? thin(trace, most) : trace));
  const smoothed = smoothing > 0 ? thinned.flatMap((trace) => withSmooth(trace, smoothing)) : thinned;
  const data = highlight ? smoothed.map((trace) => emphasized(trace, highlight)) : smoothed;
  return { data, layout: laidOut(figure, view) };
}

/** The exponential moving average, without the bias of its start; gaps stay gaps. */
export function smooth(values: Value[], weight: number): Value[] {
  let mean = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return null;
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return mean / mass;
  });
}

const isLive = ({ meta }: Trace): boolean => Boolean(meta?.metric);

function thin(trace: Trace, most: number): Trace {
  if (trace.x.length <= most) return trace;
  return { ...trace, ...decimate(trace.x, trace.y, most) };
}

// A faint curve is measured at each step, and noisy; a strong one is an average already.
function withSmooth(trace: Trace, weight: number): Trace[] {
  if (!isLive(trace) || (trace.opacity ?? 1) === 1 || trace.y.length < FEW) return [trace];
  const raw: Trace = { ...trace, opacity: 0.22, hoverinfo: "skip", hovertemplate: undefined, showlegend: false };
  return [raw, { ...trace, opacity: 0.95, y: smooth(trace.y, weight) }];
}

function emphasized(trace: Trace, run: string): Trace {
  if (!trace.meta?.run) return trace;
  if (trace.meta.run !== run) return { ...trace, opacity: 0.14 * (trace.opacity ?? 1) };
  return { ...trace, line: { ...trace.line, width: (trace.line?.width ?? 2) + 0.75 } };
}

function laidOut(figure: Figure, { logY = false, clip = false, legend = true }: View): Layout {
  const { layout } = figure;
  const { xaxis, yaxis } = layout as Record<string, Record<string, unknown> | undefined>;
  const end = lastStep(figure);
  return {
    ...layout,
    title: undefined,
    autosize: true,
    width: undefined,
    height: undefined,
    uirevision: `${logY} ${clip}`,
    ...(legend ? {} : { showlegend: false, margin: WITHOUT_LEGEND }),
    // The names of stages would stretch the axis beyond the last step.
    xaxis: end ? { ...xaxis, autorangeoptions: { clipmax: end } } : xaxis,
    yaxis: {
      ...yaxis,
      ...(logY ? { type: "log" } : {}),
      ...(clip ? { range: mostOf(figure, logY), autorange: false } : {}),
    },
  };
}

/** The range of all values but the lowest and highest two of a hundred, with a margin. */
function mostOf({ data }: Figure, logY: boolean): [number, number] | undefined {
  const scale = (value: number) => (logY ? Math.log10(value) : value);
  const values = data.flatMap(({ y }) => y.filter((value): value is number => value !== null && (!logY || value > 0)).map(scale));
  if (values.length === 0) return undefined;
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0;
  const margin = 0.06 * (at(0.98) - at(0.02)) || 1;
  return [at(0.02) - margin, at(0.98) + margin];
}
