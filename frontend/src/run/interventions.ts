import type { RunRow, StreamEvent } from "../api/types";
import { number } from "../format";

export interface Intervention {
  seq: number;
  step: number;
  path: string;
  old: string;
  value: string;
  by: string;
}

/** The knobs that were turned, in order. */
export const made = (events: StreamEvent[]): Intervention[] =>
  events
    .filter(({ kind, body }) => kind === "command" && body.kind === "set" && body.state === "obeyed")
    .map(({ seq, body }) => ({
      seq,
      step: Number(body.step),
      path: String(body.path),
      old: String(body.old),
      value: String(body.new),
      by: String(body.by),
    }));

const JUDGE = "validation/loss";

/** What both have come to, in words; null where one of them has not validated. */
export function judged(mine: RunRow["latest"], ghosts: RunRow["latest"]): string | null {
  const [here, there] = [mine?.[JUDGE], ghosts?.[JUDGE]];
  if (here === undefined || there === undefined) return null;
  const verdict = here < there ? "it helped" : here > there ? "it did not help" : "it changed nothing";
  return `validation loss ${number(here)}, without it ${number(there)}: ${verdict}`;
}
