/** The measured fields, as the answer names them with their units: how they are called, told and asked for. */

import { bytes, count, ms, number, percent, words } from "../format";
import type { TradeoffPoint } from "../api/types";

export type Units = Record<string, string>;

const NAMES: Record<string, string> = { r2: "R²", mae: "mean absolute error" };

/** Share of the disturbed calls where the machine was too busy for this time or energy; undefined where it was not. */
export function busyShare(field: string, values: Readonly<Record<string, number>>): number | undefined {
  const [base, ...place] = field.split("@");
  const at = place.join("@");
  return at && base !== "busy" && base !== "disturbed" && values[`busy@${at}`] ? values[`disturbed@${at}`] : undefined;
}

/** "p95 ms, batch 1" for `p95_ms@1`. */
export function titleOf(field: string): string {
  const [base = "", batch, device] = field.split("@");
  const name = NAMES[base] ?? words(base);
  return [name, batch && `batch ${batch}`, device].filter(Boolean).join(", ");
}

/** A value with its unit, four significant digits. */
export function write(value: number | undefined, unit: string | undefined): string {
  if (unit === "share") return percent(value);
  if (unit === "bytes") return bytes(value);
  if (unit === "ms") return ms(value);
  if (unit === "mJ" && value !== undefined) return `${number(value)}\u202fmJ`;
  return value !== undefined && Number.isInteger(value) ? count(value) : number(value);
}

/** How a column tells its numbers: all in one unit, with the same digits after the point, so that they stand under each other. */
export interface Scale {
  unit: string;
  write: (value: number | undefined) => string;
}

const SCALES: Record<string, [string, number][]> = {
  share: [["%", 0.01]],
  bytes: [["B", 1], ["KB", 1e3], ["MB", 1e6], ["GB", 1e9]],
  ms: [["µs", 1e-3], ["ms", 1], ["s", 1e3]],
  mJ: [["µJ", 1e-3], ["mJ", 1], ["J", 1e3]],
};
const MOST_DIGITS = 3;

/** The unit in which half of the values are at least 1, and digits enough for three of the smallest. */
export function scaleOf(unit: string | undefined, values: readonly number[]): Scale {
  const sizes = values.map(Math.abs).filter((size) => size > 0).sort((a, b) => a - b);
  const middle = sizes[Math.floor(sizes.length / 2)] ?? 1;
  const steps = SCALES[unit ?? ""];
  if (!steps) return { unit: "", write: (value) => write(value, unit) };
  const [name, size] = steps.findLast(([, size]) => middle >= size) ?? steps[0]!;
  const least = (sizes[0] ?? 1) / size;
  const digits = unit === "share" ? 2 : size === 1 && unit === "bytes" ? 0 : Math.max(0, Math.min(MOST_DIGITS, 2 - Math.floor(Math.log10(least))));
  const format = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return { unit: name, write: (value) => (value === undefined ? "–" : format.format(value / size)) };
}

/** The head of a column: what it is, and the unit of its numbers. */
export function headOf(field: string, { unit }: Scale): string {
  const name = titleOf(field);
  return unit ? `${name.replace(/ ms\b/, "").replace(/\bbytes\b/, "size")}, ${unit}` : name;
}

/** The columns of the table: quality and shares first, then what is minimized, then the rest by name. */
export function ordered(units: Units, minimize: string, quality = ""): string[] {
  const rank = (field: string) => (field === quality ? -1 : units[field] === "share" ? 0 : field === minimize ? 1 : 2);
  return Object.keys(units).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }));
}

/** Fields about how a time was measured: a column of them is there for whoever chooses it. */
const ASIDE = /^(?:p\d+_seen_ms|disturbed|busy)@/;

/** What the table shows before anybody chooses: what has a unit, what is minimized, and quality. */
export function standard(units: Units, minimize: string, quality = ""): string[] {
  return ordered(units, minimize, quality).filter((field) => (units[field] !== "" && !ASIDE.test(field)) || field === minimize || field === quality);
}

/** A comparison to start from: what half of the models reach. */
export function suggestion(field: string, unit: string | undefined, points: readonly TradeoffPoint[]): string {
  const value = bound(field, unit, points);
  return value && `${field} ${direction(field, unit)} ${value}`;
}

/** Which side of a bound is the good one. */
export const direction = (field: string, unit: string | undefined): ">=" | "<=" =>
  (unit === "share" && !ASIDE.test(field)) || field.startsWith("samples_per_s") || field.includes("_per_") || field === "r2" ? ">=" : "<=";

/** The median of what was measured, rounded so that it is reached, in the field's own unit; empty without any. */
export function bound(field: string, unit: string | undefined, points: readonly TradeoffPoint[]): string {
  const values = points.flatMap(({ values }) => values[field] ?? []).sort((a, b) => a - b);
  const middle = values[Math.floor(values.length / 2)];
  if (middle === undefined) return "";
  if (unit === "share") return percentDown(middle);
  if (direction(field, unit) === ">=") return String(Number(middle.toPrecision(1)));
  if (unit === "bytes") return middle < 1e6 ? `${roundUp(middle / 1e3)}KB` : `${roundUp(middle / 1e6)}MB`;
  return unit === "ms" || unit === "mJ" ? `${roundUp(middle)}${unit}` : roundUp(middle);
}

/** Whole questions made from what was measured: within a point of the best, so and fast, so and small. */
export function examples(units: Units, points: readonly TradeoffPoint[], quality: string): string[] {
  const near = nearBest(quality, units[quality], points);
  if (!near) return [];
  const latency = Object.keys(units).find((field) => field.startsWith("p95_ms@"));
  const fast = latency && suggestion(latency, units[latency], points);
  const small = suggestion("bytes", units["bytes"], points);
  return [near, fast && `${near} and ${fast}`, small && `${near} and ${small}`].filter((text): text is string => Boolean(text));
}

/** As good as the best but for a hundredth of it; of shares, for a point. */
function nearBest(quality: string, unit: string | undefined, points: readonly TradeoffPoint[]): string {
  const values = points.flatMap(({ values }) => values[quality] ?? []);
  const more = direction(quality, unit) === ">=";
  const best = more ? Math.max(...values) : Math.min(...values);
  if (!Number.isFinite(best) || best === 0) return "";
  if (unit === "share") return `${quality} >= ${percentDown(best - 0.01)}`;
  const near = best + (more ? -0.01 : 0.01) * Math.abs(best);
  return more ? `${quality} >= ${Math.floor(near * 100) / 100}` : `${quality} <= ${roundUp(near)}`;
}

const percentDown = (share: number): string => `${Math.floor(share * 1000) / 10}%`;

/** Two significant digits, never less than the value. */
function roundUp(value: number): string {
  if (value === 0) return "0";
  const size = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 1);
  return String(Number((Math.ceil(value / size) * size).toPrecision(2)));
}

/** The constraint with another comparison joined on. */
export function joined(constraint: string, comparison: string): string {
  return constraint.trim() ? `${constraint.trim()} and ${comparison}` : comparison;
}
