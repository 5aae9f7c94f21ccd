/** Which cards of a list are open, kept with their entries when these move. */

export function opened(open: readonly boolean[], index: number, value = true): boolean[] {
  const after = [...open];
  after[index] = value;
  return after;
}

export function moved(open: readonly boolean[], from: number, to: number): boolean[] {
  const after = Array.from({ length: Math.max(open.length, from + 1, to + 1) }, (_, index) => open[index] ?? false);
  after.splice(to, 0, ...after.splice(from, 1));
  return after;
}

export function without(open: readonly boolean[], index: number): boolean[] {
  return open.filter((_, position) => position !== index);
}
