/** The list with the entry at `index` moved by `by` places. */
export function moved<T>(list: readonly T[], index: number, by: number): T[] {
  const rest = list.filter((_, place) => place !== index);
  return [...rest.slice(0, index + by), list[index] as T, ...rest.slice(index + by)];
}
