/** Does something in the next animation frame when it is asked to, but never twice within `pace` milliseconds. */
export class Paced {
  private requested = false;
  private last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pace: number,
    private readonly act: () => void,
  ) {}

  ask(): void {
    if (this.requested) return;
    this.requested = true;
    const wait = this.last + this.pace - performance.now();
    if (wait > 0) setTimeout(() => this.turn(), wait);
    else this.turn();
  }

  private turn(): void {
    requestAnimationFrame(() => {
      this.requested = false;
      this.last = performance.now();
      this.act();
    });
  }
}
