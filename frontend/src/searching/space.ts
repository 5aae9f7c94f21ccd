/** The space of a study that is being written, as the editor sees it: nothing is refused here, the server says what is wrong. */

import type { VariableField } from "../api/studies";
import { parsePath, withValue } from "../form/tree/path";
import { isMapping, same, type Json, type Mapping } from "../form/tree/schema";
import { kindOf } from "../study/assign";

/** One entry of the space, whatever has been typed into it. */
export interface Entry {
  field: string;
  choice?: Json[];
  low?: Json;
  high?: Json;
  log?: boolean;
  step?: Json;
  points?: Json;
  when?: { field: string; among: Json[] };
}

/** A field that may be added, with what to try of it. */
export interface Offer extends VariableField {
  /** The component that it needs, where the space holds several. */
  when?: { field: string; among: Json[] };
}

/** The entries of a draft; what is none, such as a half-written line, is an entry without a field. */
export function spaceOf(study: Json | undefined): Entry[] {
  const space = isMapping(study) ? study["space"] : undefined;
  return Array.isArray(space) ? space.map(entryOf) : [];
}

function entryOf(value: Json): Entry {
  if (!isMapping(value)) return { field: "" };
  const { field, choice, low, high, log, step, points, when } = value;
  const condition = isMapping(when) && typeof when["field"] === "string" ? { field: when["field"], among: Array.isArray(when["among"]) ? when["among"] : [] } : undefined;
  return {
    field: typeof field === "string" ? field : "",
    ...(Array.isArray(choice) && { choice }),
    ...given({ low, high, step, points }),
    ...(log === true && { log }),
    ...(condition && { when: condition }),
  };
}

const given = (values: Record<string, Json | undefined>): Record<string, Json> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, Json] => entry[1] !== undefined && entry[1] !== null));

/** The entry as it is written: what is left out stays out. */
export function written({ log, ...rest }: Entry): Mapping {
  return { ...given({ ...(rest as unknown as Mapping) }), ...(log ? { log } : {}) };
}

/** What an offer becomes in the space. A whole number's ends are written without a point. */
export function entryFrom({ path, dimension, when }: Offer): Entry {
  const { choice, low, high, log } = dimension;
  if (choice) return { field: path, choice: choice as Json[], ...(when && { when }) };
  return { field: path, low: low ?? 0, high: high ?? 1, ...(log && { log }), ...(when && { when }) };
}

/** Where in the space a field goes: a component before the fields that belong to it, everything else at the end. */
export function placeFor(field: string, space: readonly Entry[]): number {
  const first = space.findIndex((entry) => entry.field.startsWith(`${field}.`) || entry.when?.field === field);
  return first < 0 ? space.length : first;
}

/** How a value is named in a condition: a component by its kind. */
export const meant = (value: Json): Json => kindOf(value) as Json;

/** Whether a choice is among components. */
export const isComponents = (choice: readonly Json[]): boolean => choice.some((value) => isMapping(value) && typeof value["kind"] === "string");

/** The kinds that an entry chooses among; none unless it is a choice of components by kind or by name. */
export const kindsOf = ({ choice = [] }: Entry): string[] => choice.map(meant).filter((kind): kind is string => typeof kind === "string");

/** The spec with another component at a field. */
export const withKind = (spec: Json, field: string, kind: string): Json => withValue(spec, parsePath(field), { kind });

/** What may be added: the fields of the spec, and those that only other components of the space have, each with its condition. */
export function offers(base: readonly VariableField[], alternatives: ReadonlyMap<string, ReadonlyMap<string, readonly VariableField[]>>): Offer[] {
  const found = new Map<string, Offer>(base.map((field) => [field.path, field]));
  for (const [parent, kinds] of alternatives) {
    const owners = new Map<string, { field: VariableField; kinds: string[] }>();
    for (const [kind, fields] of kinds)
      for (const field of fields.filter(({ path }) => path.startsWith(`${parent}.`))) {
        const owner = owners.get(field.path) ?? { field, kinds: [] };
        owner.kinds.push(kind);
        owners.set(field.path, owner);
      }
    for (const path of [...found.keys()]) if (path.startsWith(`${parent}.`) && !owners.has(path)) found.delete(path);
    for (const [path, { field, kinds: owning }] of owners) {
      const everywhere = owning.length === kinds.size;
      found.set(path, { ...field, ...found.get(path), ...(everywhere ? {} : { when: { field: parent, among: owning } }) });
    }
  }
  return [...found.values()];
}

/** Every choice that an editor shows: those that are proposed, and those that are in the space by hand. */
export function choicesOf(entry: Entry, proposed: readonly Json[]): Json[] {
  const own = (entry.choice ?? []).filter((value) => !proposed.some((one) => same(meant(one), meant(value))));
  const shown = proposed.map((one) => entry.choice?.find((value) => same(meant(one), meant(value))) ?? one);
  return [...shown, ...own];
}
