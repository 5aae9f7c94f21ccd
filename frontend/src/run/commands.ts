import type { RunRow, StreamEvent } from "../api/types";
import { number, words } from "../format";

export interface MadeCommand {
  seq: number;
  step: number;
  /** `optimizer.lr 0.1 → 0.01`, `ended train`, `stages: prune → quantize`. */
  text: string;
  by: string;
  why: string;
}

/** A live parameter that was set. */
export interface ParameterChange extends MadeCommand {
  path: string;
  old: unknown;
  value: unknown;
}

const obeyed = ({ kind, body }: StreamEvent, what: string): boolean => kind === "command" && body.kind === what && body.state === "obeyed";

const common = ({ seq, body }: StreamEvent) => ({ seq, step: Number(body.step), by: String(body.by), why: String(body.why ?? "") });

/** The live parameters that were set, in order. */
export const parameterChanges = (events: StreamEvent[]): ParameterChange[] =>
  events
    .filter((event) => obeyed(event, "set"))
    .map((event) => {
      const { path, old, new: value } = event.body;
      return { ...common(event), text: `${String(path)} ${String(old)} → ${String(value)}`, path: String(path), old, value };
    });

/** What was changed in the run, in order: live parameters, the ends of trainings, the stages to come. */
export const made = (events: StreamEvent[]): MadeCommand[] =>
  [...parameterChanges(events), ...ends(events), ...restaged(events)].sort((one, other) => one.seq - other.seq);

const ends = (events: StreamEvent[]): MadeCommand[] =>
  events
    .filter((event) => obeyed(event, "next"))
    .map((event) => {
      const stage = events.findLast(({ kind, seq }) => kind === "stage_began" && seq < event.seq);
      return { ...common(event), text: `ended ${words(String(stage?.body.kind ?? "this stage"))}` };
    });

const restaged = (events: StreamEvent[]): MadeCommand[] =>
  events
    .filter((event) => obeyed(event, "stages"))
    .map((event) => ({ ...common(event), text: `stages: ${kinds(event.body.old ?? "?")} → ${kinds(event.body.new ?? event.body.stages)}` }));

/** `prune, quantize`; an event of an earlier version does not tell all. */
function kinds(stages: unknown): string {
  if (!Array.isArray(stages)) return String(stages);
  return (stages as { kind: string }[]).map(({ kind }) => words(kind)).join(", ") || "none";
}

/** Those that can be undone: made in the stage that trains now, of live parameters that do not stand where they stood before. */
export function undoable(run: Pick<RunRow, "state">, events: StreamEvent[]): ParameterChange[] {
  if (run.state !== "running" && run.state !== "paused") return [];
  const edge = events.findLast(closes)?.seq ?? 0;
  const changed = parameterChanges(events).filter(({ seq }) => seq > edge);
  const now = new Map(changed.map(({ path, value }) => [path, value]));
  return changed.filter(({ path, old }) => now.get(path) !== old);
}

/** Whether what trained before no longer trains. */
const closes = (event: StreamEvent): boolean => event.kind === "stage_began" || event.kind === "stage_ended" || obeyed(event, "next");

const JUDGE = "validation/loss";

/** What both have come to, in words; null where one of them has not validated. */
export function judged(mine: RunRow["latest"], counterfactual: RunRow["latest"]): string | null {
  const [here, there] = [mine?.[JUDGE], counterfactual?.[JUDGE]];
  if (here === undefined || there === undefined) return null;
  const effect = here < there ? "it helped" : here > there ? "it did not help" : "it changed nothing";
  return `validation loss ${number(here)}, without it ${number(there)}: ${effect}`;
}
