/** Milliseconds without progress after which what was promised is taken for lost. */
const PATIENCE = 2_000;

interface Promised {
  seq: number;
  /** When it was promised, or when something last came nearer to it. */
  since: number;
  requested: number;
}

/** Finds runs of which one part of the stream tells more than the other brings. */
export class Lag {
  private readonly promised = new Map<string, Promised>();
  private readonly arrived = new Map<string, number>();

  /** Something says that the run has come to this number. */
  promise(run: string, seq: number, now: number): void {
    if (seq <= (this.arrived.get(run) ?? 0)) return;
    const known = this.promised.get(run);
    if (known) known.seq = Math.max(known.seq, seq);
    else this.promised.set(run, { seq, since: now, requested: now });
  }

  /** What was to come has come, up to this number. */
  arrive(run: string, seq: number, now: number): void {
    if (seq <= (this.arrived.get(run) ?? 0)) return;
    this.arrived.set(run, seq);
    const known = this.promised.get(run);
    if (!known) return;
    if (seq >= known.seq) this.promised.delete(run);
    else known.since = known.requested = now;
  }

  /** The runs to ask for again: each again only after as long once more. */
  overdue(now: number): string[] {
    const late = [...this.promised].filter(([, { requested }]) => now - requested >= PATIENCE);
    for (const [, promised] of late) promised.requested = now;
    return late.map(([run]) => run);
  }

  /** Whether anything is late now. */
  late(now: number): boolean {
    return [...this.promised.values()].some(({ since }) => now - since >= PATIENCE);
  }

  forget(run: string): void {
    this.promised.delete(run);
    this.arrived.delete(run);
  }

  /** The stream stands still: nothing is owed until something is promised again. */
  rest(): void {
    this.promised.clear();
  }
}
