import { useSyncExternalStore } from "react";

const observers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(observer: () => void): () => void {
  observers.add(observer);
  timer ??= setInterval(tick, 1000);
  return () => {
    observers.delete(observer);
    if (observers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = Date.now();
  for (const observer of observers) observer();
}

/** The time in milliseconds since 1970, renewed each second: one timer for the whole page. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);
