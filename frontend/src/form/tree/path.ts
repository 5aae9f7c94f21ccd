/** Where a field is in the spec, as steps and in the server's writing: `stages[1].method.sparsity`. */

import { isMapping, type Json } from "./schema";

export type Path = readonly (string | number)[];

export function keyOf(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text ? `${text}.${step}` : step),
    "",
  );
}

/** The steps of a path in the server's writing; a name that itself holds a dot comes apart, which only loosens a match. */
export function parsePath(key: string): Path {
  return [...key.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map((match) => (match[1] === undefined ? match[2]! : Number(match[1])));
}

export function valueAt(document: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((value, step) => {
    if (Array.isArray(value)) return typeof step === "number" ? value[step] : undefined;
    return isMapping(value) && Object.hasOwn(value, step) ? value[String(step)] : undefined;
  }, document);
}

export function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => step === path[index]);
}

/** A copy of `document` with `value` at `path`; what is missing on the way becomes a mapping. */
export function withValue(document: Json | undefined, path: Path, value: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === "number") {
    const items = Array.isArray(document) ? [...document] : [];
    items[step] = withValue(items[step], rest, value);
    return items;
  }
  const fields = isMapping(document) ? document : {};
  return { ...fields, [step]: withValue(fields[step], rest, value) };
}
