/** What a study begins with. */

import { find, isMapping, type Catalog, type Json, type Mapping } from "../form/tree/schema";
import { meant } from "./space";

const TRIALS = 20;

/** A study of a spec with nothing varied yet: named after it, with the default objective of its data. */
export function studyOf(spec: Mapping, catalog: Catalog): Mapping {
  const name = typeof spec["name"] === "string" && spec["name"] ? spec["name"] : "an experiment";
  return {
    name: `Study of ${name}`.slice(0, 150),
    spec,
    space: [],
    objectives: [{ measure: defaultMeasure(spec, catalog) }],
    budget: { trials: TRIALS },
  };
}

/** Accuracy where the data has classes; the loss of the validation split is always known. */
function defaultMeasure(spec: Mapping, catalog: Catalog): string {
  const traits = find(catalog, "datasets", meant(spec["dataset"] ?? null))?.provides ?? [];
  return traits.some(({ trait }) => trait === "classes") ? "validation/accuracy" : "validation/loss";
}

/** `digits · mlp · train, quantize` */
export function describeSpec(spec: Json | undefined): string {
  if (!isMapping(spec)) return "";
  const stages = Array.isArray(spec["stages"]) ? spec["stages"].map((stage) => String(meant(stage))) : [];
  const parts = [spec["dataset"], spec["model"]].flatMap((part) => (part === undefined ? [] : [String(meant(part))]));
  return [...parts, stages.join(", ")].filter(Boolean).join(" · ").replaceAll("_", " ");
}
