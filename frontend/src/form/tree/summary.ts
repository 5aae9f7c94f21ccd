/** One line that says what a component will do, from what its spec says. */

import { type ComponentNode, type Node } from "./tree";
import { isMapping, type Json } from "./schema";

/** What the spec says of it, field by field; a component that is given nothing says what it does by its summary. */
export function summaryOf(node: ComponentNode): string {
  if (!node.entry) return typeof node.kind === "string" ? `${node.kind} is not known` : "not chosen yet";
  const said = node.fields.filter((field) => field.source === "given").map(phrase).filter(Boolean);
  return said.length > 0 ? said.join(" · ") : node.entry.summary;
}

function phrase(node: Node): string {
  return `${lower(node.label)} ${describe(node.value)}`.trim();
}

/** A value in a few words: `kind (field value)`, `first, second`, `on`. */
export function describe(value: Json | undefined): string {
  if (value === undefined || value === null) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(describe).join(", ");
  if (!isMapping(value)) return String(value);
  const { kind, ...rest } = value;
  const inner = Object.entries(rest).filter(([, item]) => item !== null && !isMapping(item) && !Array.isArray(item));
  const first = inner.slice(0, 2).map(([name, item]) => `${name.replaceAll("_", " ")} ${describe(item)}`);
  if (typeof kind !== "string") return first.join(", ");
  return first.length > 0 ? `${kind} (${first.join(", ")})` : kind;
}

/** A label inside a sentence. */
export function lower(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
