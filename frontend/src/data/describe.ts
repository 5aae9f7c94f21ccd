/** What was found in a file, in words. */

import type { UploadDetail } from "../api/types";
import { count } from "../format";

type Facts = UploadDetail["facts"];

const CLASSES = 6;

/** Names of the columns that are learnt unless a spec says otherwise. */
export function targetOf({ kind, target, columns }: Facts): string[] {
  if (target) return [target];
  return (kind === "table" ? columns.slice(-1) : columns).map(({ name }) => name);
}

/** "text", "text of 12 words (median, 40 at most), to be learnt from", "whole number", "seconds since 1970-01-01" */
export function typeOf({ type, prose, median_words: median, most_words: most, unit, whole }: Facts["columns"][number]): string {
  if (type === "text") return prose ? `text of ${count(median)} words (median, ${count(most)} at most), to be learnt from` : "text";
  return unit || (whole ? "whole number" : "number");
}

/** "3: setosa 50, versicolor 50, virginica 50", the most frequent first. */
export function classesOf({ counts }: Facts["columns"][number]): string {
  if (!counts) return "many";
  const found = Object.entries(counts).sort(([, one], [, other]) => other - one);
  const shown = found.slice(0, CLASSES).map(([label, rows]) => `${label} ${count(rows)}`);
  return `${count(found.length)}: ${shown.join(", ")}${found.length > CLASSES ? ", …" : ""}`;
}
