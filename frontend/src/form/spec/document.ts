/** The spec as text: YAML that a person may edit by hand and the form edits in place, comments kept. */

import {
  Document, isCollection, isMap, isNode, isPair, isScalar, isSeq, parseDocument, visit,
  type Node as YamlNode, type ScalarTag, type YAMLSeq,
} from "yaml";

import type { Edit } from "../tree/edit";
import { withValue, type Path } from "../tree/path";
import type { Json } from "../tree/schema";

export interface Parsed {
  /** The document, or undefined when the text is not YAML. */
  value: Json | undefined;
  error?: { message: string; line: number };
}

/** Numbers such as 1e-8 get a decimal point, without which YAML 1.1 readers take them for text. */
const exponent: ScalarTag = {
  identify: (value) => typeof value === "number" && Number.isFinite(value) && /e/i.test(String(value)),
  default: true,
  tag: "tag:yaml.org,2002:float",
  test: /^[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+$/,
  resolve: (text) => Number(text.replaceAll("_", "")),
  stringify: ({ value }) => pointed(Number(value)),
};

function pointed(value: number): string {
  const [mantissa, power] = value.toExponential().split("e");
  return `${mantissa!.includes(".") ? mantissa : `${mantissa}.0`}e${power}`;
}

const OPTIONS = { customTags: (tags: unknown[]) => [exponent, ...tags] as ScalarTag[], prettyErrors: false } as const;
const FLOW_WIDTH = 78;

export function parse(text: string): Parsed {
  const document = parseDocument(text, OPTIONS);
  const [error] = document.errors;
  if (error) {
    const line = text.slice(0, error.pos[0]).split("\n").length;
    return { value: undefined, error: { message: sentence(error.message), line } };
  }
  return { value: plain(document) };
}

/** A document as YAML in the house's hand: small leaves on one line, everything else in blocks. */
export function write(value: Json): string {
  const document = new Document(value, OPTIONS);
  arrange(document.contents);
  if (isCollection(document.contents)) document.contents.flow = false;
  return print(document);
}

/** `text` with the edits made in place. The text must be YAML without errors. */
export function apply(text: string, edits: readonly Edit[]): string {
  const document: Document = parseDocument(text, OPTIONS);
  if (!isMap(document.contents)) document.contents = document.createNode({});
  edits.forEach((edit) => applyOne(document, edit));
  return print(document);
}

function applyOne(document: Document, edit: Edit): void {
  if (edit.act === "set") return set(document, edit.path, edit.value);
  if (edit.act === "unset") return void document.deleteIn(edit.path);
  const list = document.getIn(edit.path, true);
  if (!isSeq(list)) return;
  ownComment(list);
  if (edit.act === "remove") list.items.splice(edit.index, 1);
  if (edit.act === "move") list.items.splice(edit.to, 0, ...list.items.splice(edit.from, 1));
  if (edit.act !== "insert") return;
  if (isStructure(edit.value)) unfold(document, edit.path);
  list.items.splice(edit.index, 0, fresh(document, edit.value));
}

function set(document: Document, path: Path, value: Json): void {
  const known = document.getIn(path, true);
  if (isScalar(known) && !isStructure(value)) {
    known.value = value;
    delete known.source;
    delete known.format;
    delete known.type;
    return;
  }
  spellOut(document, path.slice(0, -1));
  if (isStructure(value)) unfold(document, path.slice(0, -1));
  const present = path.findIndex((_, length) => !document.hasIn(path.slice(0, length + 1))) + 1 || path.length;
  document.setIn(path.slice(0, present), fresh(document, withValue(undefined, path.slice(present), value)));
}

/** A component that was written as its kind alone gets room for its fields. */
function spellOut(document: Document, path: Path): void {
  const short = document.getIn(path, true);
  if (isScalar(short) && typeof short.value === "string") document.setIn(path, fresh(document, { kind: short.value }));
}

/** A comment above a list's first entry belongs to that entry, not to the list. */
function ownComment(list: YAMLSeq): void {
  const [first] = list.items;
  if (!list.commentBefore || !isNode(first)) return;
  first.commentBefore = list.commentBefore;
  list.commentBefore = undefined;
}

/** What was written on one line opens up when a structure moves in. */
function unfold(document: Document, path: Path): void {
  for (let length = 0; length <= path.length; length += 1) {
    const outer = document.getIn(path.slice(0, length), true);
    if (isCollection(outer)) outer.flow = false;
  }
}

function fresh(document: Document, value: Json): YamlNode {
  const node = document.createNode(value);
  arrange(node);
  return node;
}

/** Small leaves go on one line. */
function arrange(root: unknown): void {
  if (!isCollection(root)) return;
  visit(root as YamlNode, {
    Collection(_key, node) {
      const values = node.items.map((item) => (isPair(item) ? item.value : item));
      node.flow = !values.some(holdsItems) && JSON.stringify(node.toJSON()).length <= FLOW_WIDTH;
    },
  });
}

/** A list of plain values still fits on a line with others. */
function holdsItems(value: unknown): boolean {
  return isCollection(value) && value.items.length > 0 && (isMap(value) || value.items.some(isCollection));
}

function isStructure(value: Json): boolean {
  return typeof value === "object" && value !== null;
}

function plain(document: Document): Json {
  return (document.toJS({ maxAliasCount: 50 }) ?? {}) as Json;
}

function print(document: Document): string {
  return document.toString({ lineWidth: 100, flowCollectionPadding: false });
}

function sentence(message: string): string {
  const first = message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
  return first.endsWith(".") ? first : `${first}.`;
}
