import { useEffect, useRef } from "react";
import { ApiError } from "../api/client";
import { NotLoaded } from "./importer";

/** Milliseconds between two tries while the server is there but does not give what is asked for. */
const PACE = 4_000;

const waiting = new Set<() => void>();

/** What has failed for a while is tried again: the server is back. */
export const tryAgain = (): void => waiting.forEach((again) => again());

/** Whether the same request may succeed later, without anybody's doing. */
export const mayPass = (error: Error): boolean => error instanceof NotLoaded || (error instanceof ApiError && (error.status === 0 || error.status >= 500));

/** Tries again by itself: at once when the server is back, and now and then. */
export function useRecovery(error: Error, retry: (() => void) | undefined): void {
  const latest = useRef(retry);
  latest.current = retry;
  const passes = mayPass(error);
  useEffect(() => {
    if (!passes) return;
    const again = () => latest.current?.();
    const timer = setInterval(again, PACE);
    waiting.add(again);
    return () => {
      clearInterval(timer);
      waiting.delete(again);
    };
  }, [passes]);
}
