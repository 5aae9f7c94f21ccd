export type Theme = "light" | "dark";

export type Value = number | null;

/** A Plotly trace, as far as the browser looks into it. A live one says which metric of which run it shows. */
export interface Trace {
  x: Value[];
  y: Value[];
  name?: string;
  mode?: string;
  type?: string;
  opacity?: number;
  hoverinfo?: string;
  showlegend?: boolean;
  meta?: { run?: string; metric?: string } | null;
  line?: { color?: string; width?: number; dash?: string; shape?: string };
  [other: string]: unknown;
}

export interface Layout {
  meta?: { summary?: string; seq?: Record<string, number>; summaries?: string[]; [other: string]: unknown };
  shapes?: unknown[];
  annotations?: unknown[];
  images?: unknown[];
  /** How tall the figure wants to be, pixels. */
  height?: number;
  [other: string]: unknown;
}

/** A Plotly figure, and the last event of each run that it includes. */
export interface Figure {
  data: Trace[];
  layout: Layout;
  seq: Record<string, number>;
}
