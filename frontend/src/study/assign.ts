/** What a trial may hold: the browser's reading of a study's space. The server has the last word. */

import type { Assignment, Dimension } from "../api/studies";
import { isMapping, same, type Json } from "../form/tree/schema";

/** A component goes by its kind. */
export const kindOf = (value: unknown): unknown => (isMapping(value) ? (value["kind"] ?? value) : value);

/** Whether the condition of a field is met by what a trial holds. */
export function holds(when: Dimension["when"], values: Assignment): boolean {
  if (!when) return true;
  if (!(when.field in values)) return false;
  const value = values[when.field];
  return when.among.some((one) => same(one as Json, value as Json) || same(one as Json, kindOf(value) as Json));
}

/** Whether a field takes a value. */
export function takes(dimension: Dimension, value: unknown): boolean {
  if (dimension.choice) return dimension.choice.some((one) => same(one as Json, value as Json));
  const { low, high, integer } = dimension;
  if (typeof value !== "number" || low == null || high == null) return false;
  return value >= low && value <= high && (!integer || Number.isInteger(value));
}

/** A value for every field that applies: from `known` where it fits, otherwise the first choice or the middle of the range. */
export function filled(space: readonly Dimension[], known: Assignment): Assignment {
  const values: Assignment = {};
  for (const dimension of space) {
    if (!holds(dimension.when, values)) continue;
    const value = known[dimension.field];
    values[dimension.field] = dimension.field in known && takes(dimension, value) ? value : middle(dimension);
  }
  return values;
}

/** The same fields with what was typed in them, whether it fits or not; what no longer applies is left out. */
export function applied(space: readonly Dimension[], typed: Assignment): Assignment {
  const values: Assignment = {};
  for (const dimension of space) {
    if (holds(dimension.when, values)) values[dimension.field] = dimension.field in typed ? typed[dimension.field] : middle(dimension);
  }
  return values;
}

function middle({ choice, low, high, log, integer }: Dimension): unknown {
  if (choice) return choice[0];
  const bottom = low ?? 0;
  const top = high ?? bottom;
  const value = Number((log && bottom > 0 ? Math.sqrt(bottom * top) : (bottom + top) / 2).toPrecision(4));
  return integer ? Math.round(value) : value;
}

/** `1e-4 to 1, by ratio` */
export function describeRange({ low, high, log, integer }: Dimension): string {
  return `${low} to ${high}${integer ? ", whole numbers" : ""}${log ? ", by ratio" : ""}`;
}
