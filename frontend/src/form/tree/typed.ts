/** What a person types into a field, as a value of the spec, and back. Nothing typed is refused here: the check says what is wrong. */

import type { Json } from "./schema";

/** A number where the text is one, the text itself where it is not, undefined where there is none. */
export function numberFrom(text: string): Json | undefined {
  const trimmed = text.trim().replace(",", ".");
  if (trimmed === "") return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) && !/^[-+]?0[xob]/i.test(trimmed) ? value : text.trim();
}

export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export const MOST_SEEDS = 100;

/** Seeds from "0, 1, 5–8"; a sentence when the text holds anything else. */
export function seedsFrom(text: string): { seeds: number[] } | { error: string } {
  const seeds: number[] = [];
  for (const part of text.split(/[\s,;]+/).filter(Boolean)) {
    const [, first, last = first] = /^(\d+)(?:[-–…](\d+))?$/.exec(part) ?? [];
    if (first === undefined) return { error: `“${part}” is not a seed: write whole numbers, such as 0, 1, 2 or 0–4.` };
    if (Number(last) - Number(first) >= MOST_SEEDS) return { error: `At most ${MOST_SEEDS} seeds at once.` };
    for (let seed = Number(first); seed <= Number(last); seed += 1) seeds.push(seed);
  }
  const unique = [...new Set(seeds)];
  return unique.length > MOST_SEEDS ? { error: `At most ${MOST_SEEDS} seeds at once.` } : { seeds: unique };
}

/** A value of any shape: JSON where the text is JSON, the text itself otherwise. */
export function rawFrom(text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
