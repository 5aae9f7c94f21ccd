import type { RunRow, StreamEvent } from "../api/types";
import { number } from "../format";

export interface Intervention {
  seq: number;
  step: number;
  path: string;
  old: unknown;
  value: unknown;
  by: string;
  why: string;
}

/** The knobs that were turned, in order. */
export const made = (events: StreamEvent[]): Intervention[] =>
  events
    .filter(({ kind, body }) => kind === "command" && body.kind === "set" && body.state === "obeyed")
    .map(({ seq, body }) => ({
      seq,
      step: Number(body.step),
      path: String(body.path),
      old: body.old,
      value: body.new,
      by: String(body.by),
      why: String(body.why ?? ""),
    }));

/** Those that can be undone: made in the stage that trains now, of knobs that do not stand where they stood before. */
export function undoable(run: Pick<RunRow, "state">, events: StreamEvent[]): Intervention[] {
  if (run.state !== "running" && run.state !== "paused") return [];
  const edge = events.findLast(ends)?.seq ?? 0;
  const turned = made(events).filter(({ seq }) => seq > edge);
  const now = new Map(turned.map(({ path, value }) => [path, value]));
  return turned.filter(({ path, old }) => now.get(path) !== old);
}

/** Whether what trained before no longer trains. */
const ends = ({ kind, body }: StreamEvent): boolean =>
  kind === "stage_began" || kind === "stage_ended" || (kind === "command" && body.kind === "next" && body.state === "obeyed");

const JUDGE = "validation/loss";

/** What both have come to, in words; null where one of them has not validated. */
export function judged(mine: RunRow["latest"], ghosts: RunRow["latest"]): string | null {
  const [here, there] = [mine?.[JUDGE], ghosts?.[JUDGE]];
  if (here === undefined || there === undefined) return null;
  const verdict = here < there ? "it helped" : here > there ? "it did not help" : "it changed nothing";
  return `validation loss ${number(here)}, without it ${number(there)}: ${verdict}`;
}
