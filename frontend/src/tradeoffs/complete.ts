/** What may come next in a constraint that is being typed. The server alone decides what it means. */

import { bound, direction, titleOf, type Units } from "./fields";
import type { TradeoffPoint } from "../api/types";

export interface Completion {
  word: string;
  /** What the word stands for. */
  about: string;
  /** The whole text with the word in it. */
  text: string;
}

const TOKEN = /"[^"]*"?|'[^']*'?|[-+\u2212]?\d*\.?\d+(?:e[-+]?\d+)?|[a-zµ_][\wµ]*(?:[.:-][\wµ]+)*(?:@\d*)?(?:@[a-z]*)?|%|[<>=!]=|[()<>=≥≤]/gi;
const UNITS: Record<string, [string, string][]> = {
  share: [["%", "percent"]],
  ms: [["ms", "milliseconds"], ["us", "microseconds"], ["s", "seconds"]],
  bytes: [["KB", "1,000 bytes"], ["MB", "1,000,000 bytes"], ["B", "bytes"]],
  "": [["k", "thousands"], ["M", "millions"]],
};
const JOINTS: [string, string][] = [["and", "both must hold"], ["or", "one must hold"]];
const MOST = 8;

/** What may be asked for by name, with the names that are known; none where one model alone is asked about. */
export type Named = Readonly<Record<string, readonly string[]>>;

const NO_NAMES: Named = {};

/** How the text may go on after `before`, what stands left of the cursor. */
export function completions(before: string, units: Units, points: readonly TradeoffPoint[], named = NO_NAMES): Completion[] {
  const tokens = before.match(TOKEN) ?? [];
  const last = tokens.at(-1) ?? "";
  const typing = before.endsWith(last) && /^[a-zµ_]/i.test(last) && !(last.toLowerCase() in units) && !(last.toLowerCase() in named) ? last : "";
  const done = typing ? tokens.slice(0, -1) : tokens;
  const stem = before.slice(0, before.length - typing.length);
  const glue = stem === "" || /[\s(]$/.test(stem) ? "" : " ";
  return words(done, units, points, named)
    .filter(([word]) => word.toLowerCase().includes(typing.toLowerCase()) && word.toLowerCase() !== typing.toLowerCase())
    .slice(0, MOST)
    .map(([word, about]) => ({ word, about, text: `${stem}${word in ATTACHED && !/\s$/.test(stem) ? "" : glue}${word} ` }));
}

/** Whether what is wrong with the text may be that it is still being typed: no word of it is strange but the one at its end. */
export function unfinished(text: string, units: Units, named = NO_NAMES): boolean {
  const tokens = (text.match(TOKEN) ?? []).map((token) => token.toLowerCase());
  const last = tokens.at(-1) ?? "";
  const typing = /^[a-zµ_]/.test(last) && text.toLowerCase().endsWith(last);
  const before = typing ? tokens.slice(0, -1) : tokens;
  const known = (word: string) => word in units || word in named || UNIT_WORDS.has(word);
  const isName = (place: number) => (before[place - 2] ?? "") in named;
  return before.every((token, place) => !/^[a-zµ_]/.test(token) || known(token) || isName(place)) && (typing ? !known(last) || last in units || last in named : !/^(?:[%)]|[-+\u2212]?[\d.])/.test(last));
}

const UNIT_WORDS = new Set(["and", "or", ...Object.values(UNITS).flat().map(([unit]) => unit.toLowerCase())]);
const ATTACHED: Record<string, true> = Object.fromEntries(Object.values(UNITS).flat().map(([unit]) => [unit, true]));

function words(done: readonly string[], units: Units, points: readonly TradeoffPoint[], named: Named): [string, string][] {
  const previous = (done.at(-1) ?? "").toLowerCase();
  const field = done.findLast((token) => token.toLowerCase() in units)?.toLowerCase() ?? "";
  if (previous === "" || previous === "(" || previous === "and" || previous === "or") return [...Object.keys(units).map((name): [string, string] => [name, titleOf(name)]), ...Object.keys(named).map((name): [string, string] => [name, "by name"])];
  if (previous in named) return [["==", "is"], ["!=", "is not"]];
  const subject = (done.at(-2) ?? "").toLowerCase();
  if (/^[=!]=?$/.test(previous) && subject in named) return (named[subject] ?? []).map((name) => [quoted(name), `${subject} of a measured model`]);
  if (previous in units) return operators(previous, units[previous]);
  if (/^[<>=≥≤]/.test(previous)) return numbers(field, units[field], points);
  if (/^[-+\u2212]?[\d.]/.test(previous)) return [...(UNITS[units[field] ?? ""] ?? []), ...JOINTS];
  return JOINTS;
}

/** A name as the constraint takes it: a word as it is, anything else in quotes. */
const quoted = (name: string): string => (/^[a-z_]\w*(?:[.:-]\w+)*$/i.test(name) ? name : `"${name}"`);

function operators(field: string, unit: string | undefined): [string, string][] {
  const [first, second] = direction(field, unit) === ">=" ? [">=", "<="] : ["<=", ">="];
  const about: Record<string, string> = { ">=": "at least", "<=": "at most" };
  return [first, second].map((word) => [word!, about[word!]!]);
}

function numbers(field: string, unit: string | undefined, points: readonly TradeoffPoint[]): [string, string][] {
  const value = bound(field, unit, points);
  return value ? [[value, "half of the models"]] : [];
}
