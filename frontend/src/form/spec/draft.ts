/** A spec that is being written: kept in the tab's session storage, so that a reload loses nothing that was typed. */

export interface Draft {
  /** The spec as text, as it stands in the editor. */
  text: string;
  /** Where it began: `template:<id>`, `clone:<run id>` or nothing. */
  origin: string;
  /** The text that it began with, against which changes are marked. */
  original: string;
  seeds: string;
  /** Of a study: trials to begin with, field by field. */
  first?: Record<string, unknown>[];
  /** What stood here before a template or a clone was taken, to go back to. */
  previous?: Omit<Draft, "previous">;
}

/** Where the draft of an experiment lies, and that of a study. */
export const EXPERIMENT = "lathe.draft";
export const STUDY = "lathe.study";

/** Origin of an experiment that a study searches and that is looked at alone, to be changed. */
export const STUDIED = "study";

export const EMPTY: Draft = { text: "", origin: "", original: "", seeds: "" };

export function load(storage: Pick<Storage, "getItem">, key = EXPERIMENT): Draft {
  try {
    const stored: unknown = JSON.parse(storage.getItem(key) ?? "null");
    return isDraft(stored) ? stored : EMPTY;
  } catch {
    return EMPTY;
  }
}

export function save(storage: Pick<Storage, "setItem">, draft: Draft, key = EXPERIMENT): void {
  try {
    storage.setItem(key, JSON.stringify(draft));
  } catch {
    // A full or forbidden storage costs the draft its safety, not the person the page.
  }
}

/** A draft that starts again from a template or a clone; what was typed before can be brought back. */
export function begin(text: string, origin: string, before: Draft, first?: Draft["first"]): Draft {
  const { previous: _older, ...kept } = before;
  const worth = changed(before) ? kept : undefined;
  return { text, origin, original: text, seeds: "", ...(first && { first }), previous: worth };
}

export function changed(draft: Draft): boolean {
  return draft.text !== draft.original || draft.seeds !== "";
}

function isDraft(value: unknown): value is Draft {
  const draft = value as Partial<Draft> | null;
  return (["text", "origin", "original", "seeds"] as const).every((name) => typeof draft?.[name] === "string");
}
