/** A question to the measured models as a stage that answers it. */

import { isMapping, kinds, type Catalog, type Mapping } from "../tree/schema";

/** New experiment: the run's data, model and training, then a stage that compresses to `target`. */
export function stageLink(run: string, target: string, minimize: string): string {
  return `/new?${new URLSearchParams({ clone: run, target, minimize })}`;
}

/** The spec up to its first compression, with a stage that has this target; the spec itself when no stage takes one. */
export function withGoal(spec: Mapping, target: string, minimize: string | null, catalog: Catalog): Mapping {
  for (const { kind, parameters } of kinds(catalog, "stages")) {
    const fields = Object.entries(parameters.properties ?? {});
    const goal = fields.find(([, field]) => field["x-constraint"])?.[0];
    if (!goal) continue;
    const measure = fields.find(([, field]) => field["x-measure"])?.[0];
    const stage = { kind, [goal]: target, ...(measure && minimize ? { [measure]: minimize } : {}) };
    return { ...spec, name: `${String(spec["name"])}, to a target`, stages: [...trainings(spec, catalog), stage] };
  }
  return spec;
}

/** The stages before the first one that is no example of a stage: those train. */
function trainings(spec: Mapping, { families }: Catalog): Mapping[] {
  const stages = Array.isArray(spec["stages"]) ? spec["stages"].filter(isMapping) : [];
  const examples = families.find(({ name }) => name === "stages")?.examples ?? [];
  const other = stages.findIndex(({ kind }) => !examples.includes(String(kind)));
  return other < 0 ? stages : stages.slice(0, other);
}
