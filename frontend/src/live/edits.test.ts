import { describe, expect, test } from "vitest";
import type { RunRow, RunState, StreamEvent } from "../api/types";
import { editEvents, editLog, editPages, type RunPages } from "./edits";

function row(id: string, state: RunState, minute: number, last_seq = 1): RunRow {
  return {
    id,
    experiment_id: "e",
    name: `Run ${id}`,
    color: "#000000",
    seed: 0,
    state,
    dataset: "digits",
    model: "mlp",
    stage: null,
    stages: [],
    step: 0,
    total_steps: 10,
    active_seconds: 0,
    latest: {},
    last_seq,
    created_at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
    started_at: null,
    finished_at: null,
    heartbeat_at: null,
  };
}

function pages(...runs: RunRow[]): RunPages {
  const counts: Record<string, number> = {};
  for (const { state } of runs) counts[state] = (counts[state] ?? 0) + 1;
  return { pages: [{ runs, next: null, counts }], pageParams: [null] };
}

const ids = (of: RunPages) => of.pages.flatMap((page) => page.runs.map(({ id }) => id));

describe("rows edit the list", () => {
  test("a list of one study, or of no study, takes only what belongs there", () => {
    const trial = { ...row("t", "running", 9), study_id: "s" };
    const alone = row("r", "running", 8);
    expect(ids(editPages(pages(), [trial, alone], { study: "s" }))).toEqual(["t"]);
    expect(ids(editPages(pages(), [trial, alone], { study: "none" }))).toEqual(["r"]);
    expect(ids(editPages(pages(), [trial, alone], {}))).toEqual(["t", "r"]);
  });

  test("a row is replaced where it stands, and the counts follow its state", () => {
    const next = editPages(pages(row("b", "queued", 2), row("a", "running", 1)), [row("a", "succeeded", 1, 9)], {});
    expect(ids(next)).toEqual(["b", "a"]);
    expect(next.pages[0]?.runs[1]?.state).toBe("succeeded");
    expect(next.pages[0]?.counts).toEqual({ queued: 1, running: 0, succeeded: 1 });
  });

  test("a new run comes first", () => {
    const next = editPages(pages(row("a", "running", 1)), [row("b", "queued", 2)], {});
    expect(ids(next)).toEqual(["b", "a"]);
    expect(next.pages[0]?.counts).toEqual({ running: 1, queued: 1 });
  });

  test("a run of a page that was not loaded stays out", () => {
    const next = editPages(pages(row("b", "running", 2)), [row("a", "running", 1, 5)], {});
    expect(ids(next)).toEqual(["b"]);
    expect(next.pages[0]?.counts).toEqual({ running: 1 });
  });

  test("a run that leaves the filter leaves the list; one that does not fit does not enter", () => {
    const filter = { state: ["running" as const] };
    const next = editPages(pages(row("a", "running", 1)), [row("a", "failed", 1, 2), row("b", "queued", 3)], filter);
    expect(ids(next)).toEqual([]);
    expect(next.pages[0]?.counts).toEqual({ running: 0, failed: 1, queued: 1 });
    expect(ids(editPages(pages(), [row("a", "queued", 1)], { search: "other" }))).toEqual([]);
  });

  test("an older form of a row changes nothing", () => {
    const next = editPages(pages(row("a", "succeeded", 1, 9)), [row("a", "running", 1, 3)], {});
    expect(next.pages[0]?.runs[0]?.state).toBe("succeeded");
    expect(next.pages[0]?.counts).toEqual({ succeeded: 1 });
  });
});

describe("what happened", () => {
  const event = (seq: number, kind: StreamEvent["kind"]): StreamEvent => ({ run_id: "a", seq, kind, at: "", body: {}, columns: null });
  const news = [event(3, "stage_began"), event(4, "points"), event(5, "checkpoint"), event(6, "state")];

  test("takes each event of its kinds once", () => {
    const known = [event(1, "state"), event(3, "stage_began")];
    expect(editEvents(known, news, ["state", "stage_began"]).map(({ seq }) => seq)).toEqual([1, 3, 6]);
    expect(editEvents(known, [event(4, "points")], ["state"])).toBe(known);
  });

  test("comes first in the log, before the pages that were loaded", () => {
    const log = { pages: [[event(3, "stage_began")], [event(1, "state")]], pageParams: [null, 3] };
    const next = editLog(log, news, ["state", "stage_began", "checkpoint"]);
    expect(next.pages.map((page) => page.map(({ seq }) => seq))).toEqual([[6, 5, 3], [1]]);
    expect(editLog(log, [event(4, "points")], ["state"])).toBe(log);
  });

  test("begins an empty log", () => {
    expect(editLog({ pages: [[]], pageParams: [null] }, news, ["state"]).pages).toEqual([[event(6, "state")]]);
  });
});
