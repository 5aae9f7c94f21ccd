/** The server's answer to a document: what is wrong with it, and what each field comes to. */

import { useDebouncedValue } from "@mantine/hooks";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

import { isMapping, type Json } from "../tree/schema";
import type { Answer } from "../tree/tree";

const PAUSE_MS = 300;
/** An answer that takes longer is not waited for. */
const PATIENCE_MS = 1_500;

export interface Checker<T extends Answer> {
  /** What is checked, for those who remember answers. */
  what: string;
  ask: (document: Record<string, unknown>, signal: AbortSignal) => Promise<T>;
}

const answerTo = <T extends Answer>({ what, ask }: Checker<T>, document: Json | undefined, origin: string) =>
  queryOptions({
    queryKey: ["check", what, origin, document],
    queryFn: ({ signal }) => ask(document as Record<string, unknown>, signal),
    enabled: isMapping(document),
    staleTime: 5_000,
    // A browser that thinks it is offline would wait without a word.
    networkMode: "always",
  });

/** The answer to a document as it stands. */
export const useAnswer = <T extends Answer>(checker: Checker<T>, document: Json | undefined, origin: string) =>
  useQuery(answerTo(checker, document, origin));

/** The answer to a document that is being written, asked for at its first change and at each pause in typing. */
export function useCheck<T extends Answer>(checker: Checker<T>, document: Json | undefined, origin: string) {
  const now = useMemo(() => ({ document, origin }), [document, origin]);
  const [paused] = useDebouncedValue(now, PAUSE_MS, { leading: true });
  const settled = paused.origin === origin ? paused.document : document;
  return useQuery({
    ...answerTo(checker, settled, origin),
    // What was said of the same spec a moment ago stays until the new answer comes; of another spec it would mislead.
    placeholderData: (before, query) => (query?.queryKey[2] === origin ? before : undefined),
  });
}

/** Asks for the answer to a document that is about to be shown; undefined when there is none to be had, or not soon. */
export function useAsk<T extends Answer>(checker: Checker<T>) {
  const client = useQueryClient();
  return useCallback(
    (document: Json, origin: string): Promise<T | undefined> =>
      Promise.race([client.fetchQuery(answerTo(checker, document, origin)).catch(() => undefined), pause(PATIENCE_MS)]),
    [client, checker],
  );
}

const pause = (milliseconds: number) => new Promise<undefined>((resolve) => setTimeout(resolve, milliseconds, undefined));
