import { useEffect, useRef } from "react";
import { ApiError } from "../api/client";
import { feed } from "../live/live";
import { NotLoaded } from "./importer";

/** Milliseconds between two tries while the server is there but does not give what is asked for. */
const PACE = 4_000;

/** Whether the same request may succeed later, without anybody's doing. */
export const mayPass = (error: Error): boolean => error instanceof NotLoaded || (error instanceof ApiError && (error.status === 0 || error.status >= 500));

/** Tries again by itself: at once when the live stream is back, and now and then. */
export function useRecovery(error: Error, retry: (() => void) | undefined): void {
  const latest = useRef(retry);
  latest.current = retry;
  const passes = mayPass(error);
  useEffect(() => {
    if (!passes) return;
    let { status } = feed.snapshot();
    const again = () => latest.current?.();
    const timer = setInterval(again, PACE);
    const stop = feed.subscribe(() => {
      const was = status;
      ({ status } = feed.snapshot());
      if (status === "live" && was !== "live") again();
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [passes]);
}
