/** How well a text fits what was typed: the letters in their order, those that begin words or follow each other first. */

export interface Match {
  score: number;
  /** Which letters of the text were typed. */
  at: number[];
}

const LETTER = 1;
const FIRST = 5;
const WORD = 4;
const NEXT = 8;
/** Of two texts that fit alike, the shorter comes first. */
const LENGTH = 0.02;

/** Null where a word of the query is not in the text. */
export function match(query: string, text: string): Match | null {
  const letters = Array.from(text);
  const found: Match = { score: -LENGTH * letters.length, at: [] };
  for (const word of query.trim().split(/\s+/).filter(Boolean)) {
    const one = fit(Array.from(word.toLowerCase()), letters);
    if (!one) return null;
    found.score += one.score;
    found.at.push(...one.at);
  }
  return found;
}

interface Cell {
  score: number;
  /** Where the letter before was found; -1 for none. */
  from: number;
}

/** The best place of each letter of a word. */
function fit(word: readonly string[], letters: readonly string[]): Match | null {
  const rows: (Cell | undefined)[][] = [];
  for (const letter of word) rows.push(row(letter, letters, rows.at(-1)));
  let end = -1;
  const last = rows.at(-1) ?? [];
  last.forEach((cell, place) => {
    if (cell && cell.score > (last[end]?.score ?? 0)) end = place;
  });
  if (end < 0) return null;
  const score = last[end]!.score;
  const at: number[] = [];
  for (let line = rows.length - 1; line >= 0; line -= 1) {
    at.unshift(end);
    end = rows[line]![end]!.from;
  }
  return { score, at };
}

function row(wanted: string, letters: readonly string[], before: readonly (Cell | undefined)[] | undefined): (Cell | undefined)[] {
  let best: Cell = { score: before ? -Infinity : 0, from: -1 };
  return letters.map((letter, place) => {
    const previous = before?.[place - 1];
    if (previous && previous.score > best.score) best = { score: previous.score, from: place - 1 };
    if (letter.toLowerCase() !== wanted || best.score === -Infinity) return undefined;
    const next = previous && previous.score + NEXT >= best.score ? { score: previous.score + NEXT, from: place - 1 } : best;
    return { score: next.score + LETTER + beginning(letters, place), from: next.from };
  });
}

function beginning(letters: readonly string[], place: number): number {
  if (place === 0) return FIRST;
  return /[\p{L}\p{N}]/u.test(letters[place - 1]!) ? 0 : WORD;
}

export interface Named {
  text: string;
  /** What kind of thing it is; typing it narrows to those. */
  kind: string;
  /** Found by how it begins. */
  id?: string;
}

export interface Found<T> {
  entry: T;
  at: number[];
}

const BY_ID = 100;

/** What fits, the best first; everything in its order while nothing is typed. */
export function ranked<T extends Named>(entries: readonly T[], query: string): Found<T>[] {
  const found = entries.flatMap((entry) => {
    const one = of(entry, query);
    return one ? { entry, ...one } : [];
  });
  return query.trim() ? found.sort((a, b) => b.score - a.score) : found;
}

function of({ text, kind, id }: Named, query: string): Match | null {
  if (id && query.trim() && id.startsWith(query.trim().toLowerCase())) return { score: BY_ID, at: [] };
  const own = match(query, text);
  if (own) return own;
  const both = match(query, `${text} ${kind}`);
  const length = Array.from(text).length;
  return both && { score: both.score, at: both.at.filter((place) => place < length) };
}
