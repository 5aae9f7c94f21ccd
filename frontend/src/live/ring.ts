import type { StreamEvent } from "../api/types";

const MOST = 600;

/** The latest events of one run, without a gap: a figure that was fetched meanwhile catches up from here. */
export class Ring {
  private events: StreamEvent[] = [];

  constructor(private cursor: number) {}

  /** Number of the last event seen. */
  get seen(): number {
    return this.cursor;
  }

  /** Takes the next event. False when events are missing before it: what rests on them must be fetched again. */
  take(event: StreamEvent): boolean {
    if (event.seq <= this.cursor) return true;
    const whole = event.seq === this.cursor + 1;
    if (!whole) this.events = [];
    this.events.push(event);
    if (this.events.length > MOST) this.events.splice(0, this.events.length - MOST);
    this.cursor = event.seq;
    return whole;
  }

  /** The events after a number, oldest first; null when some of them are no longer held. */
  after(seq: number): StreamEvent[] | null {
    if (seq >= this.cursor) return [];
    const first = this.events[0];
    if (!first || first.seq > seq + 1) return null;
    return this.events.slice(seq + 1 - first.seq);
  }
}
