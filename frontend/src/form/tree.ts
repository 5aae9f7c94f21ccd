/** The form of a spec: a tree of fields, each with what the spec says, what is taken when it says nothing, and why. */

import { keyOf, type Path } from "./path";
import {
  find, isMapping, isScalar, labelOf, optionalBranch, same, type Catalog, type Entry, type Forms, type Json, type Mapping, type Schema,
} from "./schema";

export type Source = "given" | "default" | "inherited" | "missing";

interface Common {
  path: Path;
  /** The path in the server's writing. */
  key: string;
  label: string;
  schema: Schema;
  required: boolean;
  /** What the spec says; undefined when it says nothing. */
  value: Json | undefined;
  /** What is taken when the spec says nothing. */
  fallback: Json | undefined;
  source: Source;
}

export interface Leaf extends Common {
  type: "number" | "text" | "switch" | "choice" | "values" | "raw" | "run" | "runs" | "upload" | "column" | "columns";
}

export interface ComponentNode extends Common {
  type: "component";
  family: string;
  kind: Json | undefined;
  entry: Entry | undefined;
  fields: Node[];
}

export interface Group extends Common {
  type: "group";
  fields: Node[];
}

export interface ListNode extends Common {
  type: "list";
  item: Schema;
  items: Node[];
}

export interface Optional extends Common {
  type: "optional";
  /** The part when it is switched on. */
  inner: Node | undefined;
}

export type Node = Leaf | ComponentNode | Group | ListNode | Optional;

interface Place {
  path: Path;
  label: string;
  required: boolean;
  value: Json | undefined;
  fallback: Json | undefined;
  inherited?: boolean;
}

/** Draws the whole spec. One pass from top to bottom, so that a recipe's fields are handed on in the pipeline's order. */
export function draw(document: Json | undefined, { outline, catalog }: Forms): Group {
  const artist = new Artist(catalog);
  return artist.draw(outline, { path: [], label: "", required: true, value: document ?? {}, fallback: {} }) as Group;
}

class Artist {
  private readonly recipe = new Map<string, Json | undefined>();
  /** What the dataset provides. */
  private traits = new Set<string>();

  constructor(private readonly catalog: Catalog) {}

  draw(schema: Schema, place: Place): Node {
    const { inherited, ...rest } = place;
    const given = place.value !== undefined;
    const implied: Source = place.fallback === undefined ? "missing" : inherited ? "inherited" : "default";
    const common: Common = { ...rest, key: keyOf(place.path), schema, source: given ? "given" : implied };
    if (schema["x-family"]) return this.component(schema["x-family"], inFull(common));
    const branch = optionalBranch(schema);
    if (branch) return this.optional(branch, common);
    if (schema.type === "object" && schema.properties) return { ...common, type: "group", fields: this.fields(schema, common) };
    if (schema.type === "array" && schema.items && !isScalar(schema.items)) return this.list(schema.items, common);
    return { ...common, type: leafType(schema) };
  }

  private component(family: string, found: Common): ComponentNode {
    const common = found.source === "default" ? { ...found, fallback: this.usual(family, found.fallback) } : found;
    const given = isMapping(common.value) ? common.value["kind"] : undefined;
    const implied = isMapping(common.fallback) && common.value === undefined ? common.fallback["kind"] : undefined;
    const kind = given ?? implied;
    const entry = find(this.catalog, family, kind);
    const fields = entry ? this.fields(entry.parameters, common) : [];
    const node: ComponentNode = { ...common, type: "component", family, kind, entry, fields };
    if (family === "datasets") this.traits = traitsOf(node);
    return node;
  }

  /** A family's default may depend on what the dataset, which stands before all that depends on it, is. */
  private usual(family: string, fallback: Json | undefined): Json | undefined {
    const { default: plain, defaults = {} } = this.catalog.families.find(({ name }) => name === family) ?? {};
    if (!same(fallback, { kind: plain ?? "" })) return fallback;
    const trait = Object.keys(defaults).find((trait) => this.traits.has(trait));
    return trait === undefined ? fallback : { kind: defaults[trait]! };
  }

  /** An optional number or text whose default is "none" is a plain field that may stay empty; the rest gets a switch. */
  private optional(branch: Schema, common: Common): Node {
    if (isScalar(branch) && common.fallback === null) {
      const value = common.value === null ? undefined : common.value;
      return { ...common, value, source: value === undefined ? "default" : "given", schema: branch, type: leafType(marked(branch, common.schema)) };
    }
    const on = effectiveOf(common) !== null && effectiveOf(common) !== undefined;
    const { path, label, required, value, fallback } = common;
    const inner = on ? this.draw(branch, { path, label, required, value, fallback: fallback ?? undefined }) : undefined;
    return { ...common, type: "optional", inner };
  }

  private list(item: Schema, common: Common): ListNode {
    const values = effectiveOf(common);
    const given = common.value !== undefined;
    const items = (Array.isArray(values) ? values : []).map((value, index) =>
      this.draw(item, {
        path: [...common.path, index],
        label: `${common.label} ${index + 1}`,
        required: true,
        value: given ? value : undefined,
        fallback: given ? undefined : value,
      }),
    );
    return { ...common, type: "list", item, items };
  }

  private fields(schema: Schema, parent: Common): Node[] {
    const given = isMapping(parent.value) ? parent.value : undefined;
    // A parent that the spec does not mention lends its own fallback to its fields; one that it mentions does not.
    const implied = parent.value === undefined && isMapping(parent.fallback) ? parent.fallback : undefined;
    return Object.entries(schema.properties ?? {}).map(([name, field]) =>
      this.field(name, field, given, implied, { path: [...parent.path, name], required: schema.required?.includes(name) ?? false }),
    );
  }

  private field(
    name: string, field: Schema, given: Mapping | undefined, implied: Mapping | undefined, at: Pick<Place, "path" | "required">,
  ): Node {
    const hands = field["x-inherit"] === true;
    const lent = implied !== undefined && name in implied;
    const inherited = hands && !lent && this.recipe.has(name);
    const fallback = lent ? implied[name] : inherited ? this.recipe.get(name) : field.default;
    const node = this.draw(field, { ...at, label: labelOf(name, field), value: given?.[name], fallback, inherited });
    if (hands) this.recipe.set(name, effective(node));
    return node;
  }
}

/** The branch of an optional field with the field's marks. */
function marked(branch: Schema, { "x-upload": upload, "x-run": run }: Schema): Schema {
  return { ...branch, ...(upload !== undefined && { "x-upload": upload }), ...(run && { "x-run": run }) };
}

/** A component that is taken with its defaults may be written as its kind alone. */
function inFull(common: Common): Common {
  return typeof common.value === "string" ? { ...common, value: { kind: common.value } } : common;
}

function traitsOf({ entry, fields }: ComponentNode): Set<string> {
  const chosen = fieldsOf(fields);
  const held = (entry?.provides ?? []).filter(({ when = {} }) =>
    Object.entries(when).every(([name, wanted]) => same(kindOf(chosen[name]), wanted)),
  );
  return new Set(held.map(({ trait }) => trait));
}

/** A nested component goes by its kind. */
function kindOf(value: Json | undefined): Json | undefined {
  return isMapping(value) ? value["kind"] : value;
}

const UPLOAD: Record<string, Leaf["type"]> = { id: "upload", target: "column", ignore: "columns" };

function leafType(schema: Schema): Leaf["type"] {
  const own = UPLOAD[schema["x-upload"] ?? ""];
  if (own) return own;
  if (schema["x-run"]) return schema.type === "array" ? "runs" : "run";
  if (schema.type === "array" && schema.items && isScalar(schema.items)) return "values";
  if (schema.enum || schema.const !== undefined) return "choice";
  if (schema.type === "boolean") return "switch";
  if (schema.type === "number" || schema.type === "integer") return "number";
  return schema.type === "string" ? "text" : "raw";
}

function effectiveOf(common: Common): Json | undefined {
  return common.value === undefined ? common.fallback : common.value;
}

/** What a field comes to, with every default and inherited value filled in. */
export function effective(node: Node): Json | undefined {
  switch (node.type) {
    case "component":
      return node.entry ? { kind: node.kind!, ...fieldsOf(node.fields) } : effectiveOf(node);
    case "group":
      return fieldsOf(node.fields);
    case "list":
      return node.items.map((item) => effective(item) ?? null);
    case "optional":
      return node.inner ? effective(node.inner) : effectiveOf(node);
    default:
      return effectiveOf(node);
  }
}

function fieldsOf(fields: Node[]): Mapping {
  const entries = fields.map((field) => [String(field.path.at(-1)), effective(field)] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined));
}

export function children(node: Node): Node[] {
  if (node.type === "component" || node.type === "group") return node.fields;
  if (node.type === "list") return node.items;
  return node.type === "optional" && node.inner ? [node.inner] : [];
}

/** Every field, from the outside in. */
export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of children(node)) yield* walk(child);
}
