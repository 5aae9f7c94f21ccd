/** A spec that begins with data: a dataset of the catalog, or one's own. Names no component: it follows the templates. */

import { find, isMapping, type Catalog, type Entry, type Json, type Mapping } from "./schema";

/** The dataset that takes uploads, and the field that names one. */
export function ownDataset(catalog: Catalog): { entry: Entry; field: string } | undefined {
  for (const entry of catalog.entries) {
    const field = Object.entries(entry.parameters.properties ?? {}).find(([, schema]) => schema["x-upload"] === "id")?.[0];
    if (entry.family === "datasets" && field !== undefined) return { entry, field };
  }
  return undefined;
}

/** The first template whose model fits data with these `traits`, with its data replaced and its first stage alone. */
export function beginning(name: string, dataset: Mapping, traits: readonly string[], templates: readonly Mapping[], catalog: Catalog): Mapping {
  const fits = ({ model }: Mapping) => {
    const needs = find(catalog, "models", isMapping(model) ? model["kind"] : model)?.needs ?? [];
    return needs.every((need) => traits.includes(need));
  };
  const template = templates.find(fits);
  const stages = Array.isArray(template?.["stages"]) ? template["stages"].slice(0, 1) : [];
  const model: Json | undefined = template?.["model"];
  return { name, dataset, ...(model === undefined ? {} : { model }), stages };
}
