import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { apply, parse, write } from "./document";
import { begin, EXPERIMENT, load, save, type Draft } from "./draft";
import type { Edit } from "../tree/edit";
import { blank } from "../tree/blank";
import { keyOf, valueAt, type Path } from "../tree/path";
import type { Forms, Json } from "../tree/schema";
import { slim } from "../tree/slim";
import { draw, type Answer } from "../tree/tree";
import { useAnswer, useAsk, useCheck, type Checker } from "./useCheck";

export interface Taking {
  /** Leave out what the spec says although it would be taken anyway. */
  short?: boolean;
  first?: Draft["first"];
}

/** The document that is being written, kept under `key`: its text is the truth, the form is drawn from it and from the
 * server's answer to it, and edits it in place. */
export function useSpec<T extends Answer>(forms: Forms, checker: Checker<T>, key = EXPERIMENT) {
  const [draft, setDraft] = useState<Draft>(() => start(load(sessionStorage, key), forms));
  useEffect(() => save(sessionStorage, draft, key), [draft, key]);

  const parsed = useMemo(() => parse(draft.text), [draft.text]);
  const lastGood = useRef<Json>({});
  if (parsed.value !== undefined) lastGood.current = parsed.value;
  const value = lastGood.current;
  const check = useCheck(checker, parsed.value, draft.origin);
  const root = useMemo(() => draw(value, forms, check.data), [value, forms, check.data]);

  const edit = useCallback((edit: Edit) => setDraft((before) => ({ ...before, text: apply(before.text, [edit]) })), []);
  const type = useCallback((text: string) => setDraft((before) => ({ ...before, text })), []);
  const sow = useCallback((seeds: string) => setDraft((before) => ({ ...before, seeds })), []);
  const bringBack = useCallback(() => setDraft((before) => before.previous ?? before), []);

  const ask = useAsk(checker);
  const last = useRef(0);
  const [taking, setTaking] = useState(false);
  /** Begins again with `spec`, once it is answered: its form is drawn once and as it stays. */
  const take = useCallback(
    async (spec: Json, origin: string, { short = false, first }: Taking = {}) => {
      last.current += 1;
      const turn = last.current;
      setTaking(true);
      const answer = await ask(spec, origin);
      const taken = short && answer ? slim(draw(spec, forms, answer)) : spec;
      if (taken !== spec) await ask(taken, origin);
      if (turn !== last.current) return;
      setDraft((before) => begin(write(taken), origin, before, first));
      setTaking(false);
    },
    [ask, forms],
  );

  // The first form is drawn from the first answer. Should that fail, the schemas alone must do.
  const waiting = check.isLoading && check.failureCount === 0;
  return { draft, setDraft, parsed, value, root, check, edit, type, sow, take, taking, waiting, bringBack, original: useOriginal(draft, checker) };
}

function start(stored: Draft, forms: Forms): Draft {
  if (stored.text.trim() !== "") return stored;
  const text = write(blank(forms));
  return { ...stored, text, original: text };
}

/** What stood at a path in the beginning, said or implied. Nothing is marked in a spec that began empty. */
function useOriginal<T extends Answer>({ origin, original }: Draft, checker: Checker<T>) {
  const value = useMemo(() => (origin ? parse(original).value : undefined), [origin, original]);
  const { data } = useAnswer(checker, value, origin);
  return useMemo(() => {
    if (value === undefined || !data) return undefined;
    return (path: Path) => valueAt(value, path) ?? (data.fields?.[keyOf(path)]?.value as Json | undefined);
  }, [value, data]);
}
