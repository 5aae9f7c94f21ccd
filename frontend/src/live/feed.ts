import type { RunRow, StreamEvent } from "../api/types";
import { Lag } from "./lag";
import { Paced } from "./paced";
import { Ring } from "./ring";

export type FeedStatus = "connecting" | "live" | "resting" | "lost";

export interface FeedState {
  status: FeedStatus;
  /** When the last message came, milliseconds since 1970; null before the first. */
  updatedAt: number | null;
  /** What is missing although the stream is open. */
  missing: "events" | "rows" | null;
}

export interface FeedHandlers {
  /** The events that came in, `PACE` apart at least. */
  onEvents: (events: StreamEvent[]) => void;
  /** The rows that changed, each in its latest form, `ROWS_PACE` apart at least. */
  onRows: (rows: RunRow[]) => void;
  /** Events of this run were missed: what rests on them must be fetched again. */
  onGap: (run: string) => void;
  /** The rows of this run tell of events that do not come, or the other way about: all of it must be fetched again. */
  onLate: (run: string) => void;
  /** The stream is open again after a pause or a loss. */
  onReturn: () => void;
}

export interface Watched {
  id: string;
  /** Last event that is already known. */
  seq: number;
}

const PATIENCE = [250, 500, 1000, 2000, 4000];
/** Milliseconds between two turns of edits: charts catch up when they are drawn, and a table is read, not watched. */
const PACE = 100;
const ROWS_PACE = 400;
/** A connection that died without a word is found by its silence, while something is being followed. */
const SILENCE = 10_000;
const CHECK = 500;

/** The one live stream of this tab: it multiplexes every watched run, and rests while the tab is hidden. */
export class Feed {
  private source: EventSource | null = null;
  private readonly rings = new Map<string, Ring>();
  private readonly watchers = new Map<string, number>();
  private carried = new Set<string>();
  private pending: StreamEvent[] = [];
  private readonly rows = new Map<string, RunRow>();
  private readonly events = new Paced(PACE, () => this.flush());
  private readonly changes = new Paced(ROWS_PACE, () => this.flushRows());
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private checks: ReturnType<typeof setInterval> | undefined;
  private readonly late = { events: new Lag(), rows: new Lag() };
  private failures = 0;
  private state: FeedState = { status: "connecting", updatedAt: null, missing: null };
  private readonly observers = new Set<() => void>();

  constructor(private readonly handlers: FeedHandlers) {}

  /** Opens the stream; the answer closes it. */
  start(): () => void {
    const turn = () => (document.hidden ? this.rest() : this.wake());
    document.addEventListener("visibilitychange", turn);
    turn();
    this.checks = setInterval(() => this.check(), CHECK);
    return () => {
      clearInterval(this.checks);
      document.removeEventListener("visibilitychange", turn);
      this.close();
    };
  }

  /** Follows these runs; the answer stops following. */
  watch(runs: Watched[]): () => void {
    for (const { id, seq } of runs) {
      this.watchers.set(id, (this.watchers.get(id) ?? 0) + 1);
      if (!this.rings.has(id)) this.hold(id, seq);
    }
    if (runs.some(({ id }) => !this.carried.has(id))) this.reopen(0);
    return () => {
      for (const { id } of runs) this.unwatch(id);
    };
  }

  /** Number of the last event seen of a run. */
  seen = (run: string): number | undefined => this.rings.get(run)?.seen;

  /** A run's events after a number; null when they are no longer held. */
  after = (run: string, seq: number): StreamEvent[] | null => {
    const ring = this.rings.get(run);
    return ring ? ring.after(seq) : [];
  };

  subscribe = (observer: () => void): (() => void) => {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  };

  snapshot = (): FeedState => this.state;

  private unwatch(id: string): void {
    const left = (this.watchers.get(id) ?? 1) - 1;
    if (left > 0) this.watchers.set(id, left);
    else this.watchers.delete(id);
  }

  private url(): string {
    const runs = [...this.carried];
    const query = new URLSearchParams({ rows: "true" });
    if (runs.length) {
      query.set("runs", runs.join(","));
      query.set("after", runs.map((run) => this.seen(run) ?? 0).join(","));
    }
    return `/api/stream?${query}`;
  }

  private open(): void {
    this.close();
    if (document.hidden) return;
    this.forget();
    const source = new EventSource(this.url());
    source.onopen = () => {
      this.failures = 0;
      this.listen();
      this.say("live");
      this.handlers.onReturn();
    };
    source.onerror = () => this.lose();
    source.addEventListener("run", (message) => this.take(JSON.parse(message.data) as StreamEvent));
    source.addEventListener("row", (message) => {
      const row = JSON.parse(message.data) as RunRow;
      this.rows.set(row.id, row);
      this.compare("rows", row.id, row.last_seq);
      this.changes.ask();
    });
    this.source = source;
  }

  /** Carries the watched runs from here on, and lets go of what was held for the others. */
  private forget(): void {
    this.carried = new Set(this.watchers.keys());
    for (const run of this.rings.keys()) if (!this.carried.has(run)) this.drop(run);
  }

  private hold(run: string, seq: number): void {
    this.rings.set(run, new Ring(seq));
    for (const lag of Object.values(this.late)) lag.arrive(run, seq, Date.now());
  }

  private drop(run: string): void {
    this.rings.delete(run);
    for (const lag of Object.values(this.late)) lag.forget(run);
  }

  /** Rows and events of a run tell of one another: where one has come to, the other must come too. */
  private compare(come: "events" | "rows", run: string, seq: number): void {
    if (!this.rings.has(run)) return;
    const now = Date.now();
    this.late[come].arrive(run, seq, now);
    this.late[come === "rows" ? "events" : "rows"].promise(run, seq, now);
  }

  private check(): void {
    if (this.state.status !== "live") return;
    const now = Date.now();
    const missing = this.late.events.late(now) ? "events" : this.late.rows.late(now) ? "rows" : null;
    if (missing !== this.state.missing) this.set({ ...this.state, missing });
    const late = new Set([...this.late.events.overdue(now), ...this.late.rows.overdue(now)]);
    for (const run of late) this.handlers.onLate(run);
    if (late.size > 0) this.open();
  }

  private take(event: StreamEvent): void {
    const ring = this.rings.get(event.run_id);
    if (!ring || event.seq <= ring.seen) return;
    if (!ring.take(event)) this.handlers.onGap(event.run_id);
    this.compare("events", event.run_id, event.seq);
    this.pending.push(event);
    this.events.ask();
  }

  private flush(): void {
    const events = this.pending;
    this.pending = [];
    this.say("live");
    this.listen();
    this.handlers.onEvents(events);
  }

  private flushRows(): void {
    const rows = [...this.rows.values()];
    this.rows.clear();
    this.say("live");
    this.listen();
    this.handlers.onRows(rows);
  }

  // The browser's own retry would repeat the first address; ours continues after the last event that was seen.
  private lose(): void {
    this.pause("lost");
    this.reopen(PATIENCE[Math.min(this.failures, PATIENCE.length - 1)] ?? 0);
    this.failures += 1;
  }

  private reopen(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), delay);
  }

  private listen(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => (this.watchers.size ? this.open() : this.listen()), SILENCE);
  }

  private rest(): void {
    this.pause("resting");
  }

  private pause(status: FeedStatus): void {
    this.close();
    for (const lag of Object.values(this.late)) lag.rest();
    this.say(status, false);
  }

  private wake(): void {
    this.say("connecting", false);
    this.reopen(0);
  }

  private close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    this.source?.close();
    this.source = null;
  }

  private say(status: FeedStatus, news = true): void {
    this.set({ ...this.state, status, updatedAt: news ? Date.now() : this.state.updatedAt });
  }

  private set(state: FeedState): void {
    this.state = state;
    for (const observer of this.observers) observer();
  }
}
