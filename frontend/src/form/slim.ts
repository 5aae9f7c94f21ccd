/** The shortest spec that means the same: what equals its default or what is handed on is left out. */

import { draw, effective, type Group, type Node } from "./tree";
import { same, type Forms, type Json, type Mapping, type Schema } from "./schema";

/** `document` without the fields that say what would be taken anyway. */
export function slim(document: Json, forms: Forms): Mapping {
  return slimFields(draw(document, forms).fields, forms);
}

/** One value under `schema`, without the fields that equal their defaults. */
export function slimValue(value: Json, schema: Schema, forms: Forms): Json {
  return slimNode(drawAlone(value, schema, forms), forms);
}

/** What `value` comes to with its defaults filled in. */
export function complete(value: Json, schema: Schema, forms: Forms): Json | undefined {
  return effective(drawAlone(value, schema, forms));
}

function drawAlone(value: Json, schema: Schema, { catalog }: Forms): Node {
  const wrapper: Group = draw({ value }, { outline: { type: "object", properties: { value: schema } }, catalog });
  return wrapper.fields[0]!;
}

function slimNode(node: Node, forms: Forms): Json {
  switch (node.type) {
    case "component":
      return node.entry ? { kind: node.kind!, ...slimFields(node.fields, forms) } : (node.value ?? null);
    case "group":
      return slimFields(node.fields, forms);
    case "list":
      return node.items.map((item) => slimNode(item, forms));
    case "optional":
      return node.inner ? slimNode(node.inner, forms) : null;
    default:
      return node.value ?? null;
  }
}

function slimFields(fields: Node[], forms: Forms): Mapping {
  const said = fields.filter((field) => field.source === "given" && !implied(field, forms));
  return Object.fromEntries(said.map((field) => [String(field.path.at(-1)), slimNode(field, forms)]));
}

function implied(field: Node, forms: Forms): boolean {
  if (field.fallback === undefined) return false;
  return same(effective(field), complete(field.fallback, field.schema, forms));
}
