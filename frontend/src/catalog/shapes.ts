/** The geometry of a component's picture. */

export interface Line {
  x: number[];
  y: number[];
  faint: boolean;
}

export interface Picture {
  lines?: Line[];
  bars?: { label: string; value: number }[];
  cells?: number[][][];
}

export interface Bounds {
  x: [number, number];
  y: [number, number];
}

export interface Frame {
  width: number;
  height: number;
  margin: number;
}

/** The smallest box around all lines, never without extent. */
export function bounds(lines: readonly Line[]): Bounds {
  return { x: range(lines.flatMap(({ x }) => x)), y: range(lines.flatMap(({ y }) => y)) };
}

function range(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high > low ? [low, high] : [low - 1, high + 1];
}

/** The line as an SVG polyline's `points`: up is more. */
export function polyline({ x, y }: Line, around: Bounds, { width, height, margin }: Frame): string {
  const across = (value: number) => margin + ((value - around.x[0]) / (around.x[1] - around.x[0])) * (width - 2 * margin);
  const up = (value: number) => height - margin - ((value - around.y[0]) / (around.y[1] - around.y[0])) * (height - 2 * margin);
  return x.map((value, index) => `${across(value).toFixed(1)},${up(y[index] ?? 0).toFixed(1)}`).join(" ");
}
