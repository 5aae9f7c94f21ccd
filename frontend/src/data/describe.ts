/** What was found in a file, in words. */

import type { UploadDetail } from "../api/types";
import { count, plural } from "../format";

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

/** What was found of picture files: formats, colours, sizes, and what was done with them. */
export function filesOf({ files, inputs }: Facts): string[] {
  if (!files) return [];
  const { formats, colours, least, median, greatest, fit, turned, repeated, shared, dust } = files;
  const size = ([width, height]: readonly number[]) => `${count(width)} × ${count(height)}`;
  const listed = (found: Record<string, number>) => Object.entries(found).map(([name, files]) => `${count(files)} ${name}`).join(", ");
  const same = size(least) === size(greatest);
  const kept = same && size(least) === size(inputs?.shape.toReversed() ?? []); // of channels, height, width
  const some = (number: number, words: string) => (number > 0 ? [`${plural(number, "picture")} ${words}`] : []);
  return [
    listed(formats),
    listed(colours),
    same ? size(least) : `from ${size(least)} to ${size(greatest)}, median ${size(median)}`,
    ...(kept ? [] : [FITS[fit]]),
    ...some(turned, "turned as EXIF says"),
    ...some(repeated, "the same as another"),
    ...some(shared, "held out that training has, too"),
    ...(dust > 0 ? [`${plural(dust, "file")} of the system ignored`] : []),
  ];
}

const FITS = { crop: "other shapes cropped to their middle", pad: "other shapes padded with black", stretch: "other shapes stretched" };

/** "its own split: 480 for training, 60 for validation, the test drawn from training" */
export function splitOf({ train, validation, test, column }: NonNullable<Facts["own_split"]>): string {
  const part = (rows: number, name: string) => (rows > 0 ? `${count(rows)} for ${name}` : `${name} drawn from training`);
  const from = column ? ` in column ${column}` : "";
  return `its own split${from}: ${count(train)} for training, ${part(validation, "validation")}, ${part(test, "the test")}`;
}
