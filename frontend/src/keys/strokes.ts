/** Keys by name: what was pressed, which shortcut hears it, and how a key is written for people. */

export interface Shortcut {
  /** What `spell` makes of the keys; `mod` is Ctrl, or Cmd on a Mac. */
  keys: string;
  description: string;
  /** Heard while one types as well. */
  typing?: true;
  /** Selector of what has to be on the page; without it there is nothing to press for. */
  needs?: string;
  /** Selector of what has to hold the focus. */
  within?: string;
  press: (focused: Element) => void;
}

/** Whether Cmd does here what Ctrl does elsewhere. */
export const APPLE = /mac|iphone|ipad/i.test(globalThis.navigator?.platform ?? "");

type Stroke = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** What was pressed, in one word: `mod+k`, `alt+arrowup`, `?`. */
export function spell({ key, ctrlKey, metaKey, altKey, shiftKey }: Stroke, apple: boolean): string {
  const name = key.toLowerCase();
  // Which keys a sign needs differs between keyboards: for `?` Shift says nothing.
  const shift = shiftKey && (name.length > 1 || name !== key);
  const held = { ctrl: apple && ctrlKey, meta: !apple && metaKey, mod: apple ? metaKey : ctrlKey, alt: altKey, shift };
  return [...Object.entries(held).flatMap(([modifier, down]) => (down ? modifier : [])), name].join("+");
}

type Holds = (selector: string) => boolean;

interface Where {
  /** Whether the focus is in a field that takes text. */
  typing: boolean;
  /** Whether the focus is within what the selector names. */
  inside: Holds;
  /** Whether the page has what the selector names. */
  holds: Holds;
}

/** The shortcuts that do something on a page that holds these things. */
export const useful = (shortcuts: readonly Shortcut[], holds: Holds): Shortcut[] => shortcuts.filter(({ needs }) => !needs || holds(needs));

/** The shortcut that these keys are, where the focus is. */
export const heard = (shortcuts: readonly Shortcut[], keys: string, { typing, inside, holds }: Where): Shortcut | undefined =>
  useful(shortcuts, holds).find((each) => each.keys === keys && (!typing || each.typing) && (!each.within || inside(each.within)));

/** Whether the page that is shown has it. */
export const onPage: Holds = (selector) => document.querySelector(selector) !== null;

const NAMES: Record<string, string> = { mod: "Ctrl", alt: "Alt", arrowup: "↑", arrowdown: "↓", enter: "Enter", escape: "Esc" };
const APPLES: Record<string, string> = { mod: "⌘", alt: "⌥", enter: "↵" };

/** The keys as they are printed on the keyboard. */
export const printed = (keys: string, apple: boolean): string[] =>
  keys.split("+").map((name) => (apple && APPLES[name]) || NAMES[name] || name.toUpperCase());
