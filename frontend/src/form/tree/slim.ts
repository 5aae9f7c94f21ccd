/** The shortest spec that means the same: what would be taken anyway is left out. */

import { effective, type Group, type Node } from "./tree";
import { same, type Json, type Mapping } from "./schema";

/** The drawn document without the fields that say what they would hold without being said. */
export function slim(root: Group): Mapping {
  return slimFields(root.fields);
}

/** One part as it is written by itself. */
export function slimNode(node: Node): Json {
  switch (node.type) {
    case "component":
      return node.entry ? { kind: node.kind!, ...slimFields(node.fields) } : (node.value ?? node.implied ?? null);
    case "group":
      return slimFields(node.fields);
    case "list":
      return node.items.map(slimNode);
    case "optional":
      return node.inner ? slimNode(node.inner) : null;
    default:
      return node.value ?? node.implied ?? null;
  }
}

function slimFields(fields: readonly Node[]): Mapping {
  return Object.fromEntries(fields.filter(differs).map((field) => [String(field.path.at(-1)), slimNode(field)]));
}

function differs(field: Node): boolean {
  const held = field.source === "given" || field.implied !== field.fallback;
  return held && !same(effective(field), field.fallback);
}
