import { expect, test } from "vitest";
import { MOVES } from "./moves";
import { shortcuts } from "./shortcuts";
import { heard, printed, spell, useful } from "./strokes";

const NONE = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const pressed = (key: string, held: Partial<typeof NONE> = {}, apple = false) => spell({ key, ...NONE, ...held }, apple);
const yes = () => true;
const no = () => false;
const table = shortcuts(() => {});

test("Ctrl is the key of commands, and Cmd on a Mac; the other one is not", () => {
  expect(pressed("k", { ctrlKey: true })).toBe("mod+k");
  expect(pressed("k", { metaKey: true }, true)).toBe("mod+k");
  expect(pressed("k", { metaKey: true })).not.toBe("mod+k");
  expect(pressed("k", { ctrlKey: true }, true)).not.toBe("mod+k");
  expect(pressed("K", { ctrlKey: true, shiftKey: true })).not.toBe("mod+k");
});

test("a sign is the same with Shift and without, whatever the keyboard", () => {
  expect(pressed("?", { shiftKey: true })).toBe("?");
  expect(pressed("/", { shiftKey: true })).toBe("/");
  expect(pressed("ArrowUp", { altKey: true })).toBe("alt+arrowup");
});

test("while one types only some are heard", () => {
  const typing = { typing: true, inside: yes, holds: yes };
  expect(heard(table, "/", typing)).toBeUndefined();
  expect(heard(table, "?", typing)).toBeUndefined();
  expect(heard(table, "mod+k", typing)?.keys).toBe("mod+k");
  expect(heard(table, "escape", typing)?.keys).toBe("escape");
});

test("what is not on the page is neither heard nor told", () => {
  const empty = { typing: false, inside: yes, holds: no };
  const description = useful(table, no).map(({ keys }) => keys);
  expect(description).toEqual(["mod+k", "?"]);
  for (const { keys } of table) expect(heard(table, keys, empty) !== undefined).toBe(description.includes(keys));
});

test("a shortcut of a place is left alone elsewhere", () => {
  const elsewhere = { typing: false, inside: no, holds: yes };
  for (const { keys, within } of table) expect(heard(table, keys, elsewhere) === undefined).toBe(within !== undefined);
});

test("each key does one thing, and what it acts within is what has to be there", () => {
  for (const rows of [table, MOVES]) expect(new Set(rows.map(({ keys }) => keys)).size).toBe(rows.length);
  for (const { within, needs } of table) expect(!within || needs !== undefined).toBe(true);
});

test("a key that is pressed does what the table says", () => {
  const shown: string[] = [];
  for (const { keys, press } of shortcuts((dialog) => shown.push(dialog))) if (keys === "mod+k" || keys === "?") press({} as Element);
  expect(shown).toEqual(["palette", "sheet"]);
});

test("keys are printed as on the keyboard", () => {
  expect(printed("mod+k", false)).toEqual(["Ctrl", "K"]);
  expect(printed("mod+k", true)).toEqual(["⌘", "K"]);
  expect(printed("alt+arrowup", false)).toEqual(["Alt", "↑"]);
});
