/** A small experiment around one component, for those who want to try it. */

import { kinds, type Entry, type Forms, type Json, type Mapping, type Schema } from "./schema";

/** The least spec that trains with the component `family.kind`; null when nothing in a spec holds its family. */
export function tryout(component: string | null, forms: Forms): Mapping | null {
  const [family = "", kind = ""] = (component ?? "").split(".");
  const entry = kinds(forms.catalog, family).find((each) => each.kind === kind);
  if (!entry) return null;
  const part: Json = { kind };
  const spec: Mapping = {
    name: `Try ${kind.replaceAll("_", " ")}`,
    dataset: { kind: datasetFor(family === "datasets" ? undefined : entry, forms) },
    model: { kind: "cnn" },
    stages: [{ kind: "train", epochs: 5 }],
  };
  if (family === "datasets") return { ...spec, dataset: part, model: { kind: modelFor(entry, forms) } };
  if (family === "models") return { ...spec, model: part };
  if (family === "stages") return { ...spec, stages: kind === "train" ? [part] : [...(spec["stages"] as Json[]), part] };
  const outer = fieldOf(forms.outline, family);
  if (outer) return { ...spec, [outer.name]: outer.list ? [part] : part };
  const stage = kinds(forms.catalog, "stages").find((each) => fieldOf(each.parameters, family));
  if (stage) return { ...spec, stages: withStage(stage, fieldOf(stage.parameters, family)!, part) };
  const model = kinds(forms.catalog, "models").find((each) => each.kind === "cnn" && fieldOf(each.parameters, family));
  const field = model && fieldOf(model.parameters, family);
  return field ? { ...spec, model: { kind: "cnn", [field.name]: part } } : null;
}

interface Field {
  name: string;
  list: boolean;
}

function fieldOf(schema: Schema, family: string): Field | undefined {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const branches = [field, ...(field.anyOf ?? [])];
    if (branches.some((branch) => branch["x-family"] === family)) return { name, list: false };
    if (branches.some((branch) => branch.items?.["x-family"] === family)) return { name, list: true };
  }
  return undefined;
}

function withStage(stage: Entry, { name, list }: Field, part: Json): Json[] {
  const filled: Mapping = { kind: stage.kind, [name]: list ? [part] : part };
  return stage.parameters.properties?.["epochs"] ? [{ ...filled, epochs: 5 }] : [{ kind: "train", epochs: 5 }, filled];
}

/** The first dataset that has what the component needs of one. */
function datasetFor(entry: Entry | undefined, { catalog }: Forms): string {
  const ofData = new Set(kinds(catalog, "datasets").flatMap(({ provides = [] }) => provides.map(({ trait }) => trait)));
  const needs = (entry?.needs ?? []).filter((need) => ofData.has(need));
  const fits = ({ provides = [], unavailable, kind }: Entry) =>
    !unavailable && kind !== "upload" && needs.every((need) => provides.some(({ trait }) => trait === need));
  const preferred = kinds(catalog, "datasets").find((each) => each.kind === "digits" && fits(each));
  return (preferred ?? kinds(catalog, "datasets").find(fits))?.kind ?? "digits";
}

/** A model that takes what the dataset provides. */
function modelFor({ provides = [] }: Entry, { catalog }: Forms): string {
  const traits = new Set(provides.map(({ trait }) => trait));
  const order = ["cnn", "mlp", "char_transformer"];
  const fitting = kinds(catalog, "models").filter(({ needs = [] }) => needs.every((need) => traits.has(need)));
  return order.find((kind) => fitting.some((each) => each.kind === kind)) ?? fitting[0]?.kind ?? "mlp";
}

