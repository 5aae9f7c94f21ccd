import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { apply, parse, write } from "./document";
import { begin, EXPERIMENT, load, save, type Draft } from "./draft";
import type { Edit } from "./edit";
import { blank } from "./blank";
import { valueAt, type Path } from "./path";
import { isMapping, type Forms, type Json } from "./schema";
import { draw, effective } from "./tree";

const PAUSE_MS = 300;

/** The document that is being written, kept under `key`: its text is the truth, the form is drawn from it and edits it in place. */
export function useSpec(forms: Forms, key = EXPERIMENT) {
  const [draft, setDraft] = useState<Draft>(() => start(load(sessionStorage, key), forms));
  useEffect(() => save(sessionStorage, draft, key), [draft, key]);

  const parsed = useMemo(() => parse(draft.text), [draft.text]);
  const lastGood = useRef<Json>({});
  if (parsed.value !== undefined) lastGood.current = parsed.value;
  const value = lastGood.current;
  const root = useMemo(() => draw(value, forms), [value, forms]);

  const edit = useCallback((edit: Edit) => setDraft((before) => ({ ...before, text: apply(before.text, [edit]) })), []);
  const type = useCallback((text: string) => setDraft((before) => ({ ...before, text })), []);
  const sow = useCallback((seeds: string) => setDraft((before) => ({ ...before, seeds })), []);
  const take = useCallback((spec: Json, origin: string, first?: Draft["first"]) => setDraft((before) => begin(write(spec), origin, before, first)), []);
  const bringBack = useCallback(() => setDraft((before) => before.previous ?? before), []);

  return { draft, setDraft, parsed, value, root, edit, type, sow, take, bringBack, original: useOriginal(draft, forms) };
}

function start(stored: Draft, forms: Forms): Draft {
  if (stored.text.trim() !== "") return stored;
  const text = write(blank(forms));
  return { ...stored, text, original: text };
}

/** What stood at a path in the beginning, defaults filled in. Nothing is marked in a spec that began empty. */
function useOriginal({ origin, original }: Draft, forms: Forms) {
  return useMemo(() => {
    if (!origin) return undefined;
    const resolved = effective(draw(parse(original).value, forms));
    return (path: Path) => valueAt(resolved, path);
  }, [origin, original, forms]);
}

type Check<T> = (document: Record<string, unknown>, signal: AbortSignal) => Promise<T>;

/** The server's opinion of the document, asked for at each pause in typing. */
export function useCheck<T>(what: string, check: Check<T>, value: Json | undefined, origin: string) {
  const [settled] = useDebouncedValue(value, PAUSE_MS);
  return useQuery({
    queryKey: ["check", what, origin, settled],
    queryFn: ({ signal }) => check(settled as Record<string, unknown>, signal),
    enabled: isMapping(settled),
    // What was said of the same spec a moment ago stays until the new answer comes; of another spec it would mislead.
    placeholderData: (before, query) => (query?.queryKey[2] === origin ? before : undefined),
    staleTime: 5_000,
  });
}
