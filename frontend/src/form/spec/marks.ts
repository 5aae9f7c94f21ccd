/** Where in the text something is wrong, and how two texts differ. */

import { isNode, parseDocument } from "yaml";

import { parsePath, type Path } from "../tree/path";
import type { Problem } from "../tree/problems";

/** A stretch of the text, in characters from its start, and what is wrong there. */
export interface Mark {
  from: number;
  to: number;
  message: string;
}

/** The stretch of `text` that each problem is about: its own value, or the nearest one around it that is written; none for what is nowhere. */
export function marksOf(text: string, problems: readonly Problem[]): Mark[] {
  if (problems.length === 0) return [];
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error) return [{ from: error.pos[0], to: error.pos[1], message: error.message }];
  return problems
    .map(({ path, message }) => ({ ...firstLine(text, rangeOf(document, parsePath(path))), message }))
    .filter(({ from, to }) => to > from);
}

function rangeOf(document: ReturnType<typeof parseDocument>, path: Path): readonly [number, number] {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return [node.range[0], node.range[1]];
  }
  return [0, 0];
}

/** A mark over many lines would drown them: it keeps to the first. */
function firstLine(text: string, [from, to]: readonly [number, number]): { from: number; to: number } {
  const end = text.indexOf("\n", from);
  return { from, to: end === -1 ? to : Math.min(to, end) };
}

/** The smallest replacement that makes `after` of `before`; undefined when they are equal. */
export function difference(before: string, after: string): { from: number; to: number; insert: string } | undefined {
  if (before === after) return undefined;
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from += 1;
  let tail = 0;
  while (tail < shorter - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}
