/** Problems of a spec, each brought to the field that it is about. */

import { keyOf, parsePath } from "./path";
import { walk, type Group, type Node } from "./tree";

export interface Problem {
  path: string;
  message: string;
}

export interface Placed extends Problem {
  /** Key of the field that shows it: its own, or the nearest one around it. Empty for the whole spec. */
  field: string;
  /** What that field is called. */
  label: string;
}

/** Each problem with the field that shows it. */
export function place(problems: readonly Problem[], root: Group): Placed[] {
  const fields = new Map<string, Node>([...walk(root)].map((node) => [node.key, node]));
  return problems.map((problem) => {
    const field = nearest(problem.path, fields);
    return { ...problem, field, label: fields.get(field)?.label ?? "" };
  });
}

function nearest(path: string, fields: ReadonlyMap<string, Node>): string {
  const steps = parsePath(path);
  for (let length = steps.length; length > 0; length -= 1) {
    const key = keyOf(steps.slice(0, length));
    if (fields.has(key)) return key;
  }
  return "";
}

/** What is said at each field, as whole sentences. A problem deeper than its field begins with the rest of its path. */
export function messages(placed: readonly Placed[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { field, path, label, message } of placed) {
    const rest = path.slice(field.length).replace(/^\./, "");
    const subject = rest && rest !== "kind" ? `\`${rest}\`` : /^[a-z]/.test(message) ? label : "";
    const text = subject ? `${subject} ${message}` : message;
    texts.set(field, [texts.get(field), text].filter(Boolean).join(" "));
  }
  return texts;
}

/** Whether a field or anything inside it has a problem. */
export function concerns(placed: readonly Placed[], key: string): boolean {
  return placed.some(({ field }) => field === key || field.startsWith(`${key}.`) || field.startsWith(`${key}[`));
}
