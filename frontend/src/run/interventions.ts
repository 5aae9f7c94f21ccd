import type { RunRow, StreamEvent } from "../api/types";
import { number, words } from "../format";

export interface Intervention {
  seq: number;
  step: number;
  /** `optimizer.lr 0.1 → 0.01`, `ended train`, `stages: prune → quantize`. */
  told: string;
  by: string;
  why: string;
}

/** A knob that was turned. */
export interface Turned extends Intervention {
  path: string;
  old: unknown;
  value: unknown;
}

const obeyed = ({ kind, body }: StreamEvent, what: string): boolean => kind === "command" && body.kind === what && body.state === "obeyed";

const common = ({ seq, body }: StreamEvent) => ({ seq, step: Number(body.step), by: String(body.by), why: String(body.why ?? "") });

/** The knobs that were turned, in order. */
export const turns = (events: StreamEvent[]): Turned[] =>
  events
    .filter((event) => obeyed(event, "set"))
    .map((event) => {
      const { path, old, new: value } = event.body;
      return { ...common(event), told: `${String(path)} ${String(old)} → ${String(value)}`, path: String(path), old, value };
    });

/** What was changed in the run, in order: knobs, the ends of trainings, the stages to come. */
export const made = (events: StreamEvent[]): Intervention[] =>
  [...turns(events), ...ends(events), ...restaged(events)].sort((one, other) => one.seq - other.seq);

const ends = (events: StreamEvent[]): Intervention[] =>
  events
    .filter((event) => obeyed(event, "next"))
    .map((event) => {
      const stage = events.findLast(({ kind, seq }) => kind === "stage_began" && seq < event.seq);
      return { ...common(event), told: `ended ${words(String(stage?.body.kind ?? "this stage"))}` };
    });

const restaged = (events: StreamEvent[]): Intervention[] =>
  events
    .filter((event) => obeyed(event, "stages"))
    .map((event) => ({ ...common(event), told: `stages: ${kinds(event.body.old ?? "?")} → ${kinds(event.body.new ?? event.body.stages)}` }));

/** `prune, quantize`; an event of an earlier version does not tell all. */
function kinds(stages: unknown): string {
  if (!Array.isArray(stages)) return String(stages);
  return (stages as { kind: string }[]).map(({ kind }) => words(kind)).join(", ") || "none";
}

/** Those that can be undone: made in the stage that trains now, of knobs that do not stand where they stood before. */
export function undoable(run: Pick<RunRow, "state">, events: StreamEvent[]): Turned[] {
  if (run.state !== "running" && run.state !== "paused") return [];
  const edge = events.findLast(closes)?.seq ?? 0;
  const turned = turns(events).filter(({ seq }) => seq > edge);
  const now = new Map(turned.map(({ path, value }) => [path, value]));
  return turned.filter(({ path, old }) => now.get(path) !== old);
}

/** Whether what trained before no longer trains. */
const closes = (event: StreamEvent): boolean => event.kind === "stage_began" || event.kind === "stage_ended" || obeyed(event, "next");

const JUDGE = "validation/loss";

/** What both have come to, in words; null where one of them has not validated. */
export function judged(mine: RunRow["latest"], ghosts: RunRow["latest"]): string | null {
  const [here, there] = [mine?.[JUDGE], ghosts?.[JUDGE]];
  if (here === undefined || there === undefined) return null;
  const verdict = here < there ? "it helped" : here > there ? "it did not help" : "it changed nothing";
  return `validation loss ${number(here)}, without it ${number(there)}: ${verdict}`;
}
