import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Paced } from "./paced";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => setTimeout(draw, 16));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the first turn comes with the next frame, the others keep their distance, and none is lost", () => {
  const turns: number[] = [];
  const began = performance.now();
  const paced = new Paced(400, () => turns.push(performance.now() - began));
  for (let requested = 0; requested < 100; requested += 1) {
    paced.ask();
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(1000);
  expect(turns[0]).toBe(16);
  expect(turns).toHaveLength(4);
  turns.slice(1).forEach((turn, index) => expect(turn - (turns[index] ?? 0)).toBeGreaterThanOrEqual(400));
});
