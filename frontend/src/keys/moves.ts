/** What the palette can be told while one types in it. */
export interface Hands {
  step: (by: number) => void;
  choose: () => void;
  close: () => void;
}

/** The keys are heard by this table; the palette's foot and the sheet are written from it. */
export const MOVES: readonly { keys: string; description: string; move: (hands: Hands) => void }[] = [
  { keys: "arrowup", description: "The entry before", move: ({ step }) => step(-1) },
  { keys: "arrowdown", description: "The next entry", move: ({ step }) => step(1) },
  { keys: "enter", description: "Go there, or do it", move: ({ choose }) => choose() },
  { keys: "escape", description: "Close", move: ({ close }) => close() },
];
