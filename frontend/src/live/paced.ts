/** Does something in the next animation frame when it is asked to, but never twice within `pace` milliseconds. */
export class Paced {
  private asked = false;
  private last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pace: number,
    private readonly act: () => void,
  ) {}

  ask(): void {
    if (this.asked) return;
    this.asked = true;
    const wait = this.last + this.pace - performance.now();
    if (wait > 0) setTimeout(() => this.turn(), wait);
    else this.turn();
  }

  private turn(): void {
    requestAnimationFrame(() => {
      this.asked = false;
      this.last = performance.now();
      this.act();
    });
  }
}
