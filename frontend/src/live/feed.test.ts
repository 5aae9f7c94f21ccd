import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StreamEvent } from "../api/types";
import { Feed } from "./feed";

/** The browser's event source, steered by the test: Node has none. */
class Source {
  static opened: Source[] = [];
  static get last(): Source {
    return Source.opened.at(-1) as Source;
  }
  onopen = () => {};
  onerror = () => {};
  closed = false;
  private readonly listeners = new Map<string, (message: { data: string }) => void>();

  constructor(readonly url: string) {
    Source.opened.push(this);
  }
  addEventListener(name: string, listener: (message: { data: string }) => void): void {
    this.listeners.set(name, listener);
  }
  close(): void {
    this.closed = true;
  }
  send(name: string, data: unknown): void {
    this.listeners.get(name)?.({ data: JSON.stringify(data) });
  }
}

const page = { hidden: false, turn: () => {} };
const event = (seq: number): StreamEvent => ({ run_id: "a", seq, kind: "log", at: "", body: {}, columns: null });
const heard: number[] = [];
const gaps: string[] = [];
const late: string[] = [];
let stop = () => {};
let feed: Feed;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => setTimeout(draw, 16));
  vi.stubGlobal("document", {
    get hidden() {
      return page.hidden;
    },
    addEventListener: (_: string, turn: () => void) => (page.turn = turn),
    removeEventListener: () => {},
  });
  Source.opened.length = heard.length = gaps.length = late.length = 0;
  page.hidden = false;
  feed = new Feed({
    onEvents: (events) => heard.push(...events.map(({ seq }) => seq)),
    onRows: () => {},
    onGap: (run) => gaps.push(run),
    onLate: (run) => late.push(run),
    onReturn: () => {},
  });
  stop = feed.start();
  feed.watch([{ id: "a", seq: 4 }]);
  vi.advanceTimersByTime(1);
  Source.last.onopen();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const after = () => new URLSearchParams(Source.last.url.split("?")[1]).get("after");

test("it follows a run from the event that is already known", () => {
  expect(Source.last.url).toBe("/api/stream?rows=true&runs=a&after=4");
  for (const seq of [5, 6]) Source.last.send("run", event(seq));
  expect(heard).toEqual([]);
  vi.advanceTimersByTime(16);
  expect(heard).toEqual([5, 6]);
});

test("after a loss it continues behind the last event, and takes nothing twice", () => {
  for (const seq of [5, 6]) Source.last.send("run", event(seq));
  Source.last.onerror();
  expect(feed.snapshot().status).toBe("lost");
  vi.advanceTimersByTime(250);
  expect(after()).toBe("6");
  Source.last.onopen();
  for (const seq of [6, 7]) Source.last.send("run", event(seq));
  vi.advanceTimersByTime(16);
  expect(heard).toEqual([5, 6, 7]);
  expect(gaps).toEqual([]);
  expect(feed.snapshot().status).toBe("live");
});

test("missing events are told", () => {
  Source.last.send("run", event(9));
  expect(gaps).toEqual(["a"]);
  expect(feed.after("a", 5)).toBeNull();
});

test("a connection that died without a word is replaced", () => {
  const dead = Source.last;
  vi.advanceTimersByTime(10_001);
  expect(dead.closed).toBe(true);
  expect(Source.last).not.toBe(dead);
});

test("it rests while the tab is hidden and catches up when it is shown", () => {
  Source.last.send("run", event(5));
  page.hidden = true;
  page.turn();
  expect(Source.last.closed).toBe(true);
  const opened = Source.opened.length;
  vi.advanceTimersByTime(60_000);
  expect(Source.opened).toHaveLength(opened);
  page.hidden = false;
  page.turn();
  vi.advanceTimersByTime(1);
  expect(after()).toBe("5");
});

test("a row that is ahead of its events has the run fetched again and the stream opened again behind the last event", () => {
  Source.last.send("row", { id: "a", last_seq: 6 });
  vi.advanceTimersByTime(1_500);
  expect([late, feed.snapshot().missing]).toEqual([[], null]);
  vi.advanceTimersByTime(1_000);
  expect([late, feed.snapshot().missing, after()]).toEqual([["a"], "events", "4"]);
  Source.last.onopen();
  for (const seq of [5, 6]) Source.last.send("run", event(seq));
  vi.advanceTimersByTime(5_000);
  expect([late, feed.snapshot().missing]).toEqual([["a"], null]);
});

test("events without their row are told, too", () => {
  Source.last.send("run", event(5));
  vi.advanceTimersByTime(2_500);
  expect([late, feed.snapshot().missing]).toEqual([["a"], "rows"]);
});

test("a row of a run that nobody follows promises nothing", () => {
  Source.last.send("row", { id: "z", last_seq: 9 });
  vi.advanceTimersByTime(5_000);
  expect(late).toEqual([]);
});

test("what was late before the tab was hidden is not late when it is shown", () => {
  Source.last.send("row", { id: "a", last_seq: 6 });
  page.hidden = true;
  page.turn();
  vi.advanceTimersByTime(60_000);
  page.hidden = false;
  page.turn();
  vi.advanceTimersByTime(1);
  Source.last.onopen();
  vi.advanceTimersByTime(1_000);
  expect(late).toEqual([]);
});

test("a run that joins is added to the one stream", () => {
  feed.watch([{ id: "b", seq: 0 }]);
  vi.advanceTimersByTime(1);
  expect(Source.last.url).toBe("/api/stream?rows=true&runs=a%2Cb&after=4%2C0");
  expect(Source.opened.filter(({ closed }) => !closed)).toHaveLength(1);
});
