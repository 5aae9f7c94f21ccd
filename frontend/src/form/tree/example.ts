/** A small catalog with one of everything, for the tests of the form's model. */

import type { Catalog, Entry, Forms, Json, Schema } from "./schema";
import type { Answer, Source } from "./tree";

function entry(family: string, kind: string, properties: Record<string, Schema>, more: Partial<Entry> = {}): Entry {
  const required = Object.keys(properties).filter((name) => properties[name]!.default === undefined);
  const parameters: Schema = { type: "object", properties, required };
  return { family, kind, summary: `What ${kind} does.`, description: `What ${kind} does.`, parameters, ...more };
}

const recipe: Record<string, Schema> = {
  rounds: { type: "integer", minimum: 1, maximum: 99, default: 10, title: "Rounds", "x-unit": "rounds" },
  mover: { "x-family": "movers", "x-inherit": true, default: { kind: "walk" } },
  weights: { type: "array", items: { "x-family": "weights" }, maxItems: 2, default: [], "x-inherit": true },
};

const pace: Schema = { type: "number", exclusiveMinimum: 0, maximum: 10, default: 0.001, title: "Pace" };

const catalog: Catalog = {
  families: [
    { name: "sources", summary: "Where it comes from.", default: "well" },
    { name: "movers", summary: "How it moves.", default: "walk" },
    { name: "weights", summary: "What holds it down.", default: "" },
    { name: "steps", summary: "One step.", default: "" },
  ],
  entries: [
    entry("sources", "well", { depth_limit: { type: "integer", default: 3, title: "Depth Limit" } }),
    entry("sources", "moon", {}, { unavailable: "needs a rocket" }),
    entry("datasets", "ground", { steep: { type: "boolean", default: false } }, { provides: [{ trait: "low", when: { steep: false } }] }),
    entry("movers", "walk", { pace }),
    entry("movers", "run", { pace, shoes: { type: "boolean", default: false }, style: { enum: ["long", "short"], default: "long" } }),
    entry("weights", "stone", { mass: { type: "number", default: 1, "x-unit": "kg" } }),
    entry("steps", "go", recipe),
    entry("steps", "cut", {
      share: { type: "number", minimum: 0, maximum: 1 },
      limit: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }], default: null },
      again: { anyOf: [{ type: "object", properties: recipe }, { type: "null" }], default: null, title: "Again" },
    }),
  ],
};

/** As the server's editor schema writes it, with references to the families. */
export const editorSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["name", "source", "steps"],
  properties: {
    name: { type: "string", minLength: 1, title: "Name" },
    source: { $ref: "#/$defs/sources", description: "The source." },
    ground: { $ref: "#/$defs/datasets", description: "Where it goes." },
    steps: { type: "array", items: { $ref: "#/$defs/steps" }, minItems: 1 },
    measure: {
      type: "object",
      properties: {
        sizes: { type: "array", items: { type: "integer" }, default: [1, 64] },
        repeats: { type: "integer", default: 50 },
      },
      default: { sizes: [1, 64], repeats: 50 },
    },
  },
  $defs: { sources: {}, datasets: {}, steps: {} },
};

export function forms(outline: Schema): Forms {
  return { outline, catalog };
}

/** An answer that tells of some fields: their source, their value, and what they fall back to where that is another value. */
export function answerTo(document: Json, description: Record<string, [Source, Json, Json?]>): Answer {
  const field = ([source, value, fallback = source === "given" ? null : value]: [Source, Json, Json?]) => ({ source, value, fallback, required: fallback === null });
  return { document, fields: Object.fromEntries(Object.entries(description).map(([key, one]) => [key, field(one)])) };
}
