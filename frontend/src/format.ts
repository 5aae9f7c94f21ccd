/** How numbers, sizes and times are told: four significant digits, a unit, and no more. */

const NOTHING = "–";
/** A narrow space that does not break, between a number and its unit. */
const THIN = "\u202f";

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

type Maybe = number | null | undefined;

const missing = (value: Maybe): value is null | undefined => value === null || value === undefined;

/** Four significant digits: `0.1235`, `12.35`, `1,235`, `1.235e-7`. */
export function number(value: Maybe, digits = 4): string {
  if (missing(value)) return NOTHING;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return trimExponent(value.toExponential(digits - 1));
  if (size >= 10 ** (digits - 1)) return grouped.format(value);
  return minus(Number(value.toPrecision(digits)).toString());
}

/** A whole number with its thousands apart. */
export const count = (value: Maybe): string => (missing(value) ? NOTHING : grouped.format(value));

/** A count in short: `431`, `44.43 k`, `1.205 M`. */
export const shortCount = (value: Maybe): string => (missing(value) ? NOTHING : scaled(value, ["", "k", "M", "G", "T"], 1000));

/** A size: `412 B`, `17.28 KB`, `1.205 MB` (a kilobyte is 1,000 bytes). */
export const bytes = (value: Maybe): string => (missing(value) ? NOTHING : scaled(value, ["B", "KB", "MB", "GB", "TB"], 1000));

/** A share as a percentage: `93.12 %`. */
export const percent = (share: Maybe): string =>
  missing(share) ? NOTHING : Number.isFinite(share) ? `${minus((share * 100).toFixed(2))}${THIN}%` : number(share);

/** A difference of two shares in percentage points, always signed: `+0.41`, `−1.20`, `±0.00`. */
export function points(difference: Maybe): string {
  if (missing(difference)) return NOTHING;
  const text = Math.abs(difference * 100).toFixed(2);
  if (text === "0.00") return "±0.00";
  return `${difference > 0 ? "+" : "−"}${text}`;
}

/** Milliseconds, in the unit that reads best: `84.1 µs`, `1.204 ms`, `2.31 s`. */
export function ms(value: Maybe): string {
  if (missing(value)) return NOTHING;
  if (value < 1) return `${number(value * 1000)}${THIN}µs`;
  if (value < 1000) return `${number(value)}${THIN}ms`;
  return `${number(value / 1000)}${THIN}s`;
}

/** A duration in seconds: `840 ms`, `4.2 s`, `42 s`, `3 min 05 s`, `2 h 07 min`, `3 d 4 h`. */
export function duration(seconds: Maybe): string {
  if (missing(seconds) || !Number.isFinite(seconds)) return NOTHING;
  if (seconds < 0.001) return `<${THIN}1${THIN}ms`;
  if (seconds < 0.95) return `${Math.round(seconds * 1000)}${THIN}ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${THIN}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${THIN}s`;
  if (whole < 3600) return pair(whole, 60, "min", 1, "s");
  if (whole < 86_400) return pair(Math.round(whole / 60) * 60, 3600, "h", 60, "min");
  return pair(Math.round(whole / 3600) * 3600, 86_400, "d", 3600, "h", 0);
}

/** A duration that is only expected: `30 s`, `6 min`, `2 h`. */
export function roughly(seconds: number): string {
  if (seconds < 55) return `${Math.max(5, Math.round(seconds / 5) * 5)}${THIN}s`;
  if (seconds < 3300) return `${Math.round(seconds / 60)}${THIN}min`;
  return `${Math.round(seconds / 3600)}${THIN}h`;
}

/** How long ago a moment was: `now`, `12 s ago`, `5 min ago`, `3 h ago`, `4 d ago`. */
export function ago(seconds: Maybe): string {
  if (missing(seconds)) return NOTHING;
  if (seconds < 2) return "now";
  const [size, unit] = (
    [
      [86_400, "d"],
      [3600, "h"],
      [60, "min"],
      [1, "s"],
    ] as const
  ).find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.floor(seconds / size)}${THIN}${unit} ago`;
}

/** A moment in the reader's own zone: `2026-03-09 14:05:31`. */
export function moment(at: string | number | Date): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `1 run`, `2 runs`. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** A name from the wire in words: `static_int8` becomes `static int8`. */
export const words = (name: string): string => name.replaceAll("_", " ");

/** The same with a capital at the start. */
export const title = (name: string): string => words(name).replace(/^./, (first) => first.toUpperCase());

function scaled(value: number, units: string[], base: number): string {
  let rest = value;
  let unit = 0;
  while (Math.abs(rest) >= base && unit < units.length - 1) {
    rest /= base;
    unit += 1;
  }
  const text = unit === 0 ? grouped.format(rest) : number(rest);
  return units[unit] ? `${text}${THIN}${units[unit]}` : text;
}

function pair(total: number, big: number, bigUnit: string, small: number, smallUnit: string, pad = 2): string {
  const rest = String(Math.floor((total % big) / small)).padStart(pad, "0");
  return `${Math.floor(total / big)}${THIN}${bigUnit} ${rest}${THIN}${smallUnit}`;
}

const trimExponent = (text: string): string => minus(text.replace(/\.?0+e/, "e").replace("e+", "e"));
const minus = (text: string): string => text.replaceAll("-", "−").replace("e−", "e-");
