import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { variableFields, type VariableField } from "../api/studies";
import { isMapping, type Json } from "../form/tree/schema";
import { type Entry, isComponents, kindsOf, offers, withKind } from "./space";

const STALE_MS = 60_000;

const requested = (spec: Json) => ({
  queryKey: ["studies", "variable", spec],
  queryFn: ({ signal }: { signal: AbortSignal }) => variableFields(spec as Record<string, unknown>, signal),
  staleTime: STALE_MS,
});

/** The fields that a study of this spec can vary; those too that only other components of its space have. */
export function useOffers(spec: Json | undefined, space: readonly Entry[]) {
  const base = useQuery({ ...requested(spec ?? {}), enabled: isMapping(spec), placeholderData: keepPreviousData });
  const others = useMemo(() => alternatives(spec, space, base.data ?? []), [spec, space, base.data]);
  const answers = useQueries({ queries: others.map(({ spec }) => ({ ...requested(spec), retry: false })) });
  const known = useMemo(() => {
    const found = new Map<string, Map<string, readonly VariableField[]>>();
    others.forEach(({ field, kind }, index) => {
      const fields = answers[index]?.data;
      if (fields) found.set(field, (found.get(field) ?? new Map()).set(kind, fields));
    });
    return offers(base.data ?? [], complete(found, space));
    // The answers are a new array with each drawing; what is in them is told by when they came.
  }, [base.data, others, space, answers.map(({ dataUpdatedAt }) => dataUpdatedAt).join()]);
  return { offers: known, error: base.error };
}

interface Alternative {
  field: string;
  kind: string;
  spec: Json;
}

/** The spec with each component that the space chooses among. */
function alternatives(spec: Json | undefined, space: readonly Entry[], base: readonly VariableField[]): Alternative[] {
  if (!isMapping(spec)) return [];
  return space.filter((entry) => isOfComponents(entry, base)).flatMap((entry) =>
    kindsOf(entry).map((kind) => ({ field: entry.field, kind, spec: withKind(spec, entry.field, kind) })),
  );
}

/** A component may be written as its kind alone: then what is proposed says that it is one. */
function isOfComponents({ field, choice = [] }: Entry, base: readonly VariableField[]): boolean {
  const proposed = base.find(({ path }) => path === field)?.dimension.choice ?? [];
  return isComponents(choice) || isComponents(proposed as Json[]);
}

/** Only what has been answered for every kind tells which fields all of them have. */
function complete<T>(found: ReadonlyMap<string, ReadonlyMap<string, T>>, space: readonly Entry[]): ReadonlyMap<string, ReadonlyMap<string, T>> {
  return new Map([...found].filter(([field, kinds]) => kindsOf(space.find((entry) => entry.field === field) ?? { field }).every((kind) => kinds.has(kind))));
}
