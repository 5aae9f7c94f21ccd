import { useCallback } from "react";
import { useLocation } from "wouter";

import { ApiError } from "../api/client";
import { type Assignment, useCreateStudy } from "../api/studies";
import { useOnce } from "../form/submit/useOnce";

/** Starts a study and goes to its page. */
export function useStart(onStarted: () => void) {
  const [, navigate] = useLocation();
  const { mutateAsync, isPending, error, reset } = useCreateStudy();
  const create = useOnce(mutateAsync);
  const start = useCallback(
    async (study: Record<string, unknown>, first: Assignment[]) => {
      const created = await create({ study, first });
      if (!created) return;
      onStarted();
      navigate(`/studies/${created.id}`);
    },
    [create, navigate, onStarted],
  );
  return { start, isPending, error: error instanceof ApiError ? error : null, forget: reset };
}
