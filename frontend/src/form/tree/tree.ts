/** The form of a spec: which field stands where, with what the spec says there and what the server answered for the rest. */

import { keyOf, valueAt, type Path } from "./path";
import { find, isMapping, isScalar, labelOf, optionalBranch, same, type Catalog, type Entry, type Forms, type Json, type Mapping, type Schema } from "./schema";

export type Source = "given" | "default" | "inherited" | "missing";

/** What the server resolved, field by field, and of which document. */
export interface Answer {
  document?: unknown;
  fields?: Record<string, { source: Source; value: unknown; required: boolean; fallback: unknown }>;
}

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
  implied: Json | undefined;
  /** What is taken when the part around the field is written without it: the same, unless nothing of that part is written. */
  fallback: Json | undefined;
  source: Source;
  /** Where the answer tells of the field: elsewhere when entries have moved since, nowhere when it knew another kind here. */
  description: Path | undefined;
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

/** Draws the whole document. Until an answer tells of a field, its schema's own default stands there. */
export function draw(document: Json | undefined, { outline, catalog }: Forms, answer?: Answer): Group {
  const description = answer && [];
  return new Artist(catalog, answer).draw({
    path: [], key: "", label: "", schema: outline, required: true, value: document ?? {}, implied: {}, fallback: {}, source: "given", description,
  }) as Group;
}

class Artist {
  constructor(
    private readonly catalog: Catalog,
    private readonly answer: Answer | undefined,
  ) {}

  draw(common: Common): Node {
    const { schema } = common;
    if (schema["x-family"]) return this.component(schema["x-family"], inFull(common));
    const branch = optionalBranch(schema);
    if (branch) return this.optional(branch, common);
    if (schema.type === "object" && schema.properties) return { ...common, type: "group", fields: this.fields(schema, common) };
    if (schema.type === "array" && schema.items && !isScalar(schema.items)) return this.list(schema.items, common);
    return { ...common, type: leafType(schema) };
  }

  private component(family: string, common: Common): ComponentNode {
    const held = effectiveOf(common);
    const kind = isMapping(held) ? held["kind"] : undefined;
    const entry = find(this.catalog, family, kind);
    const description = common.description && this.ask([...common.description, "kind"])?.value === kind ? common.description : undefined;
    const fields = entry ? this.fields(entry.parameters, { ...common, description }) : [];
    return { ...common, type: "component", family, kind, entry, fields };
  }

  /** An optional number or text whose default is "none" is a plain field that may stay empty; the rest gets a switch. */
  private optional(branch: Schema, common: Common): Node {
    if (isScalar(branch) && common.implied === null) {
      const value = common.value === null ? undefined : common.value;
      return { ...common, value, source: value === undefined ? "default" : "given", schema: branch, type: leafType(marked(branch, common.schema)) };
    }
    const held = effectiveOf(common);
    const on = held !== null && held !== undefined;
    const { implied, fallback } = common;
    const inner = on ? this.draw({ ...common, schema: branch, implied: implied ?? undefined, fallback: fallback ?? undefined }) : undefined;
    return { ...common, type: "optional", inner };
  }

  private list(item: Schema, common: Common): ListNode {
    const values = effectiveOf(common);
    const given = common.value !== undefined;
    const before = common.description && valueAt(this.answer?.document as Json, common.description);
    const items = (Array.isArray(values) ? values : []).map((value, index, all) => {
      const path = [...common.path, index];
      return this.draw({
        ...common, path, key: keyOf(path), label: `${common.label} ${index + 1}`, schema: item, required: true, fallback: undefined,
        value: given ? value : undefined, implied: given ? undefined : value,
        description: common.description && [...common.description, Array.isArray(before) ? placeBefore(all, index, before) : index],
      });
    });
    return { ...common, type: "list", item, items };
  }

  private fields(schema: Schema, parent: Common): Node[] {
    const given = isMapping(parent.value) ? parent.value : undefined;
    // A part that the spec does not mention lends its value to its fields; one that it mentions does not.
    const lent = parent.value === undefined && isMapping(parent.implied) ? parent.implied : undefined;
    return Object.entries(schema.properties ?? {}).map(([name, field]) => {
      const path = [...parent.path, name];
      const description = parent.description && [...parent.description, name];
      const answered = description && this.ask(description);
      const fallback = answered ? (answered.required ? undefined : (answered.fallback as Json)) : field.default;
      const value = given?.[name];
      const implied = lent && name in lent ? lent[name] : fallback;
      const taken = implied === undefined ? "missing" : answered?.source === "inherited" ? "inherited" : "default";
      return this.draw({
        path, key: keyOf(path), label: labelOf(name, field), schema: field, required: schema.required?.includes(name) ?? false,
        value, implied, fallback, source: value === undefined ? taken : "given", description,
      });
    });
  }

  private ask(path: Path) {
    return this.answer?.fields?.[keyOf(path)];
  }
}

/** Index in the list as it was answered of what is now at `index`: an entry that reads the same is the same one, moved. */
function placeBefore(now: readonly Json[], index: number, before: readonly Json[]): number {
  if (same(now[index], before[index])) return index;
  const found = before.findIndex((entry) => same(entry, now[index]));
  return found < 0 ? index : found;
}

/** The branch of an optional field with the field's marks. */
function marked(branch: Schema, { "x-upload": upload, "x-run": run }: Schema): Schema {
  return { ...branch, ...(upload !== undefined && { "x-upload": upload }), ...(run && { "x-run": run }) };
}

/** A component that is taken with its defaults may be written as its kind alone. */
function inFull(common: Common): Common {
  return typeof common.value === "string" ? { ...common, value: { kind: common.value } } : common;
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
  return common.value === undefined ? common.implied : common.value;
}

/** What a field holds, said or implied. */
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
