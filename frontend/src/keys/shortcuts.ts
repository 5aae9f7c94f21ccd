import type { Shortcut } from "./strokes";

export type Dialog = "palette" | "sheet";

export interface DialogProps {
  shortcuts: readonly Shortcut[];
  show: (dialog: Dialog) => void;
  /** Closes the dialog; what had the focus before has it again when this returns. */
  onClose: () => void;
}

const SEARCH = '#main input[type="search"]';
const ROW = "#main [data-row]";
const ITEM = "#main [data-item]";

const find = (selector: string) => document.querySelector<HTMLInputElement>(selector);

/** Every key that the application binds. The keys are heard by this table, and the sheet is written from it. */
export const shortcuts = (show: (dialog: Dialog) => void): Shortcut[] => [
  { keys: "mod+k", description: "Find a page, a run, a study or a technique, or do something here", typing: true, press: () => show("palette") },
  { keys: "?", description: "Show these shortcuts", press: () => show("sheet") },
  { keys: "/", description: "Search on this page", needs: SEARCH, press: () => find(SEARCH)?.focus() },
  { keys: "escape", description: "Leave the search field", typing: true, needs: SEARCH, within: SEARCH, press: () => find(SEARCH)?.blur() },
  { keys: "arrowdown", description: "From the search field or a row to the next row", typing: true, needs: ROW, within: `${ROW}, ${SEARCH}`, press: (focused) => step(focused, 1) },
  { keys: "arrowup", description: "To the row before", needs: ROW, within: ROW, press: (focused) => step(focused, -1) },
  { keys: "alt+arrowup", description: "Move the entry of a list up that has the focus", needs: `${ITEM} [data-move]`, within: ITEM, press: (focused) => move(focused, "up") },
  { keys: "alt+arrowdown", description: "Move it down", needs: `${ITEM} [data-move]`, within: ITEM, press: (focused) => move(focused, "down") },
];

function step(focused: Element, by: number): void {
  const rows = [...document.querySelectorAll(ROW)];
  rows[rows.indexOf(focused.closest(ROW)!) + by]?.querySelector("a")?.focus();
}

const move = (focused: Element, to: "up" | "down") => focused.closest(ITEM)?.querySelector<HTMLElement>(`[data-move="${to}"]`)?.click();
