/** How a picture comes to the shape of a sample; the server does the same. */

export type Fit = "crop" | "pad" | "stretch";

/** Left, top, width and height. */
type Box = [number, number, number, number];

/** The part of a picture that is used, and the part of a square of `side` that it fills. */
export function boxes(width: number, height: number, side: number, fit: Fit): { source: Box; target: Box } {
  const whole: Box = [0, 0, width, height];
  if (fit === "stretch") return { source: whole, target: [0, 0, side, side] };
  if (fit === "crop") {
    const edge = Math.min(width, height);
    return { source: [(width - edge) / 2, (height - edge) / 2, edge, edge], target: [0, 0, side, side] };
  }
  const scale = side / Math.max(width, height);
  const [across, down] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  return { source: whole, target: [Math.floor((side - across) / 2), Math.floor((side - down) / 2), across, down] };
}
