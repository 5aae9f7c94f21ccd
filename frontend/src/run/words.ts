import type { StreamEvent } from "../api/types";
import { count, words } from "../format";

export type Tone = "plain" | "good" | "bad" | "warn";

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
const at = (body: StreamEvent["body"]): string => (typeof body.step === "number" ? ` at step ${count(body.step)}` : "");
const because = (body: StreamEvent["body"]): string => (body.reason ? `: ${text(body.reason)}` : "");

const SENTENCES: Record<StreamEvent["kind"], (body: StreamEvent["body"]) => string> = {
  points: () => "Points",
  state: (body) => `${capital(text(body.state))}${because(body)}`,
  stage_began: (body) => `${capital(text(body.label ?? body.kind))} began${at(body)}`,
  stage_ended: (body) => `${capital(text(body.label ?? body.kind))} ended${at(body)}`,
  checkpoint: (body) => `Checkpoint written${at(body)}`,
  rewind: (body) => `Went back to step ${count(Number(body.step))}${because(body)}`,
  summary: (body) => `${capital(text(body.kind))} drawn${at(body)}`,
  diagnostic: (body) => `${text(body.text)}${at(body)}. ${text(body.remedy)}`,
  alert: (body) => `Alert: ${text(body.text)}${at(body)}`,
  command: (body) =>
    `${capital(text(body.kind))}${body.path ? ` ${text(body.path)} ${text(body.old)} → ${text(body.new)}` : ""} ${text(body.state)}${at(body)}, asked by ${text(body.by)}${body.why ? `, “${text(body.why)}”` : ""}${body.note ? `: ${text(body.note)}` : ""}`,
  forked: (body) => `Forked from “${text(body.name)}”${at(body)}`,
  log: (body) => text(body.text),
};

/** An event in one sentence. */
export const sentence = ({ kind, body }: StreamEvent): string => SENTENCES[kind](body);

/** What the event means for its reader. */
export function tone({ kind, body }: StreamEvent): Tone {
  if (kind === "state" && body.state === "failed") return "bad";
  if (kind === "state" && body.state === "succeeded") return "good";
  if (kind === "rewind" || kind === "diagnostic" || kind === "alert" || (kind === "state" && body.state === "stopped")) return "warn";
  if (kind === "log" && body.level === "error") return "bad";
  if (kind === "log" && body.level === "warning") return "warn";
  return "plain";
}

const capital = (name: string): string => words(name).replace(/^./, (first) => first.toUpperCase());
