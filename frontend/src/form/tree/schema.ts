/** JSON Schema as the catalog publishes it, and the small questions that are asked of it. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Mapping = { [name: string]: Json };

export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  examples?: Json[];
  const?: Json;
  enum?: Json[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  $ref?: string;
  "x-family"?: string;
  "x-inherit"?: boolean;
  "x-live"?: boolean;
  "x-run"?: boolean;
  /** Text that says what a model must meet. */
  "x-constraint"?: boolean;
  /** Text that names what is measured. */
  "x-measure"?: boolean;
  "x-unit"?: string;
  /** What a dataset's field says of one's own data: `id`, `target`, `ignore`, … */
  "x-upload"?: string;
}

export interface Entry {
  family: string;
  kind: string;
  summary: string;
  description: string;
  formula?: string;
  reference?: string;
  parameters: Schema;
  needs?: string[];
  provides?: { trait: string; when?: Mapping }[];
  unavailable?: string | null;
}

export interface Catalog {
  families: { name: string; summary: string; default: string; examples?: string[] }[];
  entries: Entry[];
}

/** What a form is drawn from: the outline of a spec and the components that fit into it. */
export interface Forms {
  outline: Schema;
  catalog: Catalog;
}

const FAMILY_REFERENCE = "#/$defs/";

/** The spec's outline from the editor's schema: each reference to a family becomes the `x-family` mark of the catalog. */
export function outlineOf(schema: unknown): Schema {
  if (Array.isArray(schema)) return schema.map(outlineOf) as unknown as Schema;
  if (typeof schema !== "object" || schema === null) return schema as Schema;
  const { $ref, $defs: _definitions, ...rest } = schema as Record<string, unknown>;
  const kept = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, outlineOf(value)]));
  return typeof $ref === "string" ? { ...kept, "x-family": $ref.slice(FAMILY_REFERENCE.length) } : kept;
}

export function find(catalog: Catalog, family: string, kind: Json | undefined): Entry | undefined {
  return catalog.entries.find((entry) => entry.family === family && entry.kind === kind);
}

export function kinds(catalog: Catalog, family: string): Entry[] {
  return catalog.entries.filter((entry) => entry.family === family);
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isScalar(schema: Schema): boolean {
  if (schema["x-family"] || schema.anyOf) return false;
  return "enum" in schema || "const" in schema || ["number", "integer", "string", "boolean"].includes(String(schema.type));
}

/** The one branch of an optional field that is not null, with the field's own words; undefined when it is not optional. */
export function optionalBranch(schema: Schema): Schema | undefined {
  const branches = schema.anyOf?.filter((branch) => branch.type !== "null") ?? [];
  if (branches.length !== 1 || branches.length === schema.anyOf?.length) return undefined;
  const { anyOf: _branches, default: _default, ...words } = schema;
  return { ...branches[0], ...words };
}

/** "Warmup steps" for `warmup_steps`; a title that somebody wrote on purpose stays as it is. */
export function labelOf(name: string, schema: Schema): string {
  const spaced = name.replaceAll("_", " ");
  const automatic = spaced.replace(/\b\w/g, (letter) => letter.toUpperCase());
  if (schema.title && schema.title.toLowerCase() !== automatic.toLowerCase()) return schema.title;
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** "above 0, at most 10" */
export function boundsOf(schema: Schema): string {
  const parts = [
    schema.exclusiveMinimum !== undefined ? `above ${schema.exclusiveMinimum}` : "",
    schema.minimum !== undefined ? `at least ${count(schema.minimum)}` : "",
    schema.exclusiveMaximum !== undefined ? `below ${schema.exclusiveMaximum}` : "",
    schema.maximum !== undefined ? `at most ${count(schema.maximum)}` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

function count(value: number): string {
  return Math.abs(value) >= 10_000 ? value.toLocaleString("en") : String(value);
}

export function same(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => same(item, right[index]));
  if (!isMapping(left) || !isMapping(right)) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => name in right && same(left[name], right[name]));
}
