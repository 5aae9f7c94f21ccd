/** What a change in the form does to the spec: only what a person changed is written, the rest stays implied. */

import { startsWith, withValue, type Path } from "./path";
import { isMapping, optionalBranch, type Forms, type Json, type Schema } from "./schema";
import { slimNode } from "./slim";
import { children, type ComponentNode, type Group, type ListNode, type Node, type Optional } from "./tree";

export type Edit =
  | { act: "set"; path: Path; value: Json }
  | { act: "unset"; path: Path }
  | { act: "insert"; path: Path; index: number; value: Json }
  | { act: "remove"; path: Path; index: number }
  | { act: "move"; path: Path; from: number; to: number };

/** Write `value` at `path`. An ancestor that the spec did not mention is written along, as far as it differs from its defaults. */
export function set(root: Group, path: Path, value: Json): Edit {
  const implied = ancestors(root, path).find((node) => node.source !== "given" && node.path.length < path.length);
  if (!implied) return { act: "set", path, value };
  return { act: "set", path: implied.path, value: withValue(slimNode(implied), path.slice(implied.path.length), value) };
}

/** Take the default again. A group that is left empty goes too, unless it is an optional part: there `{}` means "on". */
export function unset(root: Group, path: Path): Edit {
  const parents = ancestors(root, path).filter((node) => node.path.length < path.length);
  const parent = parents.at(-1);
  const optional = parents.some((node) => node.type === "optional" && node.path.length === path.length - 1);
  const alone = isMapping(parent?.value) && Object.keys(parent.value).length === 1;
  if (parent?.type === "group" && parent.path.length > 0 && alone && !optional) return unset(root, parent.path);
  return { act: "unset", path };
}

/** Another kind of the same family: hyper-parameters of the same name keep what the person gave them. */
export function choose(root: Group, node: ComponentNode, kind: string, forms: Forms): Edit {
  const entry = forms.catalog.entries.find((entry) => entry.family === node.family && entry.kind === kind);
  const known = new Set(Object.keys(entry?.parameters.properties ?? {}));
  const kept = isMapping(node.value) ? Object.entries(node.value).filter(([name]) => known.has(name)) : [];
  return set(root, node.path, { kind, ...Object.fromEntries(kept) });
}

/** Switch an optional part on or off; null is written only where leaving it out would mean something else. */
export function toggle(root: Group, node: Optional, on: boolean, forms: Forms): Edit {
  const without = node.implied ?? null;
  if (on === (without !== null)) return unset(root, node.path);
  return set(root, node.path, on ? initial(optionalBranch(node.schema)!, forms) : null);
}

export function insert(root: Group, list: ListNode, value: Json): Edit {
  if (list.source === "given" && Array.isArray(list.value))
    return { act: "insert", path: list.path, index: list.items.length, value };
  return set(root, list.path, [...list.items.map(slimNode), value]);
}

export function remove(root: Group, list: ListNode, index: number): Edit {
  if (list.source === "given") return { act: "remove", path: list.path, index };
  return set(root, list.path, list.items.filter((_, position) => position !== index).map(slimNode));
}

export function move(root: Group, list: ListNode, from: number, to: number): Edit {
  if (list.source === "given") return { act: "move", path: list.path, from, to };
  const items = list.items.map(slimNode);
  items.splice(to, 0, ...items.splice(from, 1));
  return set(root, list.path, items);
}

/** The least that is worth writing for a new part: its default, its family's default kind, or the smallest allowed value. */
export function initial(schema: Schema, forms: Forms): Json {
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  const family = schema["x-family"];
  if (family) return initialComponent(family, forms);
  if (schema.enum) return schema.enum[0] ?? null;
  if (schema.type === "array") return [];
  if (schema.type === "string") return "";
  if (schema.type === "boolean") return false;
  if (schema.type === "number" || schema.type === "integer") return schema.minimum ?? 0;
  return {};
}

function initialComponent(family: string, { catalog }: Forms): Json {
  const available = catalog.entries.filter((entry) => entry.family === family && !entry.unavailable);
  const preferred = catalog.families.find((each) => each.name === family)?.default;
  const kind = available.find((entry) => entry.kind === preferred)?.kind ?? available[0]?.kind;
  return kind === undefined ? {} : { kind };
}

/** The nodes from the root down to `path`, both ends included. */
export function ancestors(root: Node, path: Path): Node[] {
  const found: Node[] = [root];
  for (let node: Node | undefined = root; node; ) {
    node = children(node).find((child) => startsWith(path, child.path));
    if (node) found.push(node);
  }
  return found;
}
