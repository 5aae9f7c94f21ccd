/** The catalog, family by family, as far as it holds a word. */

import type { Catalog } from "../api/types";

export type Entry = NonNullable<Catalog["entries"]>[number];
export type Family = NonNullable<Catalog["families"]>[number];

export interface FamilyGroup {
  family: Family;
  entries: Entry[];
}

/** The families in the order in which a spec names them. */
const ORDER = [
  "datasets", "preparations", "distributions", "augmentations", "models", "normalizations", "initializations", "stages", "transfers",
  "optimizers", "schedules", "batches", "regularizers", "averages", "losses", "distillers", "pruners", "pruning_schedules", "folders", "quantizers", "exporters",
];

export function groups(catalog: Catalog, search: string): FamilyGroup[] {
  const wanted = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (entry: Entry) => {
    const text = [entry.kind, entry.kind.replaceAll("_", " "), entry.family, entry.description, entry.reference].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const entries = (catalog.entries ?? []).filter(fits);
  return [...(catalog.families ?? [])]
    .sort((a, b) => place(a.name) - place(b.name))
    .map((family) => ({ family, entries: entries.filter((entry) => entry.family === family.name) }))
    .filter(({ entries }) => entries.length > 0);
}

const place = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

/** Where the form is opened with the component chosen; null where a component alone makes no experiment. */
export function tryIt({ family, kind }: Entry): string {
  return `/new?try=${encodeURIComponent(`${family}.${kind}`)}`;
}
