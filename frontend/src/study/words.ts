/** How studies are told: fields by a short name, values with their unit, budgets. */

import type { StudyDetail, StudyRow } from "../api/studies";
import { describe } from "../form/tree/summary";
import type { Json } from "../form/tree/schema";
import { bytes, count, duration, ms, number, percent, plural, words } from "../format";

export const LIVE = "validation/";

type Budget = StudyRow["budget"];

/** "validation accuracy" for `validation/accuracy`, "p95 ms, batch 1" for `p95_ms@1`. */
export function measureTitle(measure: string): string {
  if (measure.startsWith(LIVE)) return `validation ${words(measure.slice(LIVE.length))}`;
  const [base = "", batch, device] = measure.split("@");
  return [words(base), batch && `batch ${batch}`, device].filter(Boolean).join(", ");
}

/** A value of an objective in the unit that its name says. */
export function measured(measure: string, value: number | undefined): string {
  const [base = ""] = measure.replace(LIVE, "").split("@");
  if (base === "accuracy") return percent(value);
  if (base.endsWith("bytes")) return bytes(value);
  if (base.endsWith("_ms") && !base.includes("_per_")) return ms(value);
  return number(value);
}

const partsOf = (field: string): string[] => field.replaceAll("]", "").replaceAll("[", ".").split(".");

/** The end of each field's path that tells it apart from the others: `optimizer.lr` of `stages[0].optimizer.lr`. */
export function shortNames(fields: readonly string[]): Map<string, string> {
  return new Map(fields.map((field) => [field, shortName(field, fields)]));
}

function shortName(field: string, fields: readonly string[]): string {
  const parts = partsOf(field);
  const others = fields.filter((other) => other !== field).map(partsOf);
  for (let length = 1; length <= parts.length; length += 1) {
    const end = parts.slice(-length).join(".");
    const alone = others.every((other) => other.slice(-length).join(".") !== end);
    if (alone && !/^\d+$/.test(parts.at(-length) ?? "")) return end;
  }
  return field;
}

/** What a trial holds in a field: a number in four digits, a component by its kind. */
export const held = (value: unknown): string =>
  value === undefined ? "–" : typeof value === "number" ? number(value) : describe(value as Json);

/** `lr 0.012 · momentum 0.9`, in the order of `fields`. */
export function describeAssignment(assignment: Record<string, unknown>, fields: readonly string[]): string {
  const names = shortNames(fields);
  const varied = fields.filter((field) => field in assignment);
  return varied.map((field) => `${names.get(field)} ${held(assignment[field])}`).join(" · ");
}

/** Energy: `840 J`, `1.2 kJ`. */
export const joules = (value: number): string => (value < 1000 ? `${number(value, 3)}\u202fJ` : value < 1e6 ? `${number(value / 1e3, 3)}\u202fkJ` : `${number(value / 1e6, 3)}\u202fMJ`);

const FORMATS = {
  trials: (value: number) => count(value),
  hours: (value: number) => duration(value * 3600),
  joules,
} as const;

export interface Use {
  of: keyof typeof FORMATS;
  /** `7 of 20 trials` */
  words: string;
  /** 0 to 1. */
  share: number;
}

/** Trials that have come to an end. */
export const over = ({ counts }: Pick<StudyRow, "counts">): number => (counts.complete ?? 0) + (counts.pruned ?? 0) + (counts.failed ?? 0);

/** How much of each limit of the budget is used up. */
export function uses(budget: Budget, spent: StudyDetail["spent"]): Use[] {
  return (Object.keys(FORMATS) as Use["of"][]).flatMap((of) => {
    const limit = budget[of];
    if (limit === null || limit === undefined) return [];
    const unit = of === "trials" ? ` ${limit === 1 ? "trial" : "trials"}` : "";
    return [{ of, words: `${FORMATS[of](spent[of])} of ${FORMATS[of](limit)}${unit}`, share: Math.min(1, spent[of] / limit) }];
  });
}

/** `20 trials or 2 h 00 min`; empty where nothing limits it. */
export function describeBudget(budget: Budget): string {
  const limits = (Object.keys(FORMATS) as Use["of"][]).flatMap((of) => {
    const limit = budget[of];
    if (limit === null || limit === undefined) return [];
    return [of === "trials" ? plural(limit, "trial") : FORMATS[of](limit)];
  });
  return limits.join(" or ");
}

/** `3 complete · 7 pruned · 1 running`. */
export const describeCounts = ({ counts }: Pick<StudyRow, "counts">): string =>
  (["complete", "pruned", "failed", "running", "waiting"] as const).flatMap((state) => (counts[state] ? [`${count(counts[state])} ${state}`] : [])).join(" · ");

/** How many trials differ. */
export const describeSize = (size: number | null | undefined): string =>
  size === null || size === undefined ? "A continuum: no two trials need be equal." : `${plural(size, "different trial")}.`;
