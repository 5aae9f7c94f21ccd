/** What tells specs apart: only the fields that not all of them have alike. */

import { isMapping, same, type Json } from "../form/tree/schema";

export interface Difference {
  path: string;
  /** In the order of the specs; undefined where a spec lacks the field. */
  values: (Json | undefined)[];
}

const MOST = 60;

export function differences(specs: readonly Json[]): Difference[] {
  const found: Difference[] = [];
  descend("", [...specs], found);
  return found.filter(({ path }) => path !== "name" && path !== "seed").slice(0, MOST);
}

function descend(path: string, values: (Json | undefined)[], found: Difference[]): void {
  if (values.every((value) => same(value, values[0]))) return;
  if (values.every(isMapping) && sameKind(values)) {
    const names = new Set(values.flatMap((value) => Object.keys(value)));
    for (const name of names) descend(path ? `${path}.${name}` : name, values.map((value) => value[name]), found);
  } else if (values.every(Array.isArray) && values.every((value) => value.length === (values[0] as Json[]).length)) {
    (values[0] as Json[]).forEach((_, index) => descend(`${path}[${index}]`, values.map((value) => (value as Json[])[index]), found));
  } else found.push({ path, values });
}

/** Components of different kinds are told apart as a whole: their fields have nothing to do with each other. */
function sameKind(values: Record<string, Json>[]): boolean {
  return values.every((value) => value["kind"] === values[0]?.["kind"]);
}
