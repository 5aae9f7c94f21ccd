/** The measured fields, as the answer names them with their units: how they are called, told and asked for. */

import { bytes, count, ms, number, percent, words } from "../format";
import type { TradeoffPoint } from "../api/types";

export type Units = Record<string, string>;

/** "p95 ms, batch 1" for `p95_ms@1`. */
export function titleOf(field: string): string {
  const [base = "", batch, device] = field.split("@");
  const name = words(base);
  return [name, batch && `batch ${batch}`, device].filter(Boolean).join(", ");
}

/** A value with its unit, four significant digits. */
export function told(value: number | undefined, unit: string | undefined): string {
  if (unit === "share") return percent(value);
  if (unit === "bytes") return bytes(value);
  if (unit === "ms") return ms(value);
  if (unit === "mJ" && value !== undefined) return `${number(value)}\u202fmJ`;
  return value !== undefined && Number.isInteger(value) ? count(value) : number(value);
}

/** The columns of the table: shares first, then what is minimized, then the rest by name. */
export function ordered(units: Units, minimize: string): string[] {
  const rank = (field: string) => (units[field] === "share" ? 0 : field === minimize ? 1 : 2);
  return Object.keys(units).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }));
}

/** What the table shows before anybody chooses: what has a unit, and what is minimized. */
export function usual(units: Units, minimize: string): string[] {
  return ordered(units, minimize).filter((field) => units[field] !== "" || field === minimize);
}

/** A comparison to start from: the median of what was measured, rounded, in the field's own unit. */
export function suggestion(field: string, unit: string | undefined, points: readonly TradeoffPoint[]): string {
  const values = points.flatMap(({ values }) => values[field] ?? []).sort((a, b) => a - b);
  const middle = values[Math.floor(values.length / 2)];
  if (middle === undefined) return "";
  if (unit === "share") return `${field} >= ${Math.floor(middle * 1000) / 10}%`;
  if (unit === "bytes") return `${field} <= ${middle < 1e6 ? `${roundUp(middle / 1e3)}KB` : `${roundUp(middle / 1e6)}MB`}`;
  if (unit === "ms" || unit === "mJ") return `${field} <= ${roundUp(middle)}${unit}`;
  return `${field} <= ${roundUp(middle)}`;
}

/** Two significant digits, never less than the value. */
function roundUp(value: number): string {
  if (value <= 0) return "0";
  const size = 10 ** (Math.floor(Math.log10(value)) - 1);
  return String(Number((Math.ceil(value / size) * size).toPrecision(2)));
}

/** The constraint with another comparison joined on. */
export function joined(constraint: string, comparison: string): string {
  return constraint.trim() ? `${constraint.trim()} and ${comparison}` : comparison;
}
