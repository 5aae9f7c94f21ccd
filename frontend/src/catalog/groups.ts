/** The catalog, family by family, as far as it holds a word. */

import type { Catalog } from "../api/types";

export type Entry = NonNullable<Catalog["entries"]>[number];
export type Family = NonNullable<Catalog["families"]>[number];

export interface FamilyGroup {
  family: Family;
  entries: Entry[];
}

/** The families in the order in which a spec names them. */
export function groups(catalog: Catalog, search: string): FamilyGroup[] {
  const wanted = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (entry: Entry) => {
    const text = [entry.kind, entry.kind.replaceAll("_", " "), entry.family, entry.description, entry.reference].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const entries = (catalog.entries ?? []).filter(fits);
  const place = ({ name }: Family) => (catalog.tried.includes(name) ? catalog.tried.indexOf(name) : catalog.tried.length);
  return [...(catalog.families ?? [])]
    .sort((a, b) => place(a) - place(b))
    .map((family) => ({ family, entries: entries.filter((entry) => entry.family === family.name) }))
    .filter(({ entries }) => entries.length > 0);
}

/** Where the form is opened with the least experiment around the component. */
export function tryIt({ family, kind }: Pick<Entry, "family" | "kind">): string {
  return `/new?try=${encodeURIComponent(`${family}.${kind}`)}`;
}
