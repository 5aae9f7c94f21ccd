import { notifications } from "@mantine/notifications";
import { useCallback, useRef } from "react";
import { useLocation } from "wouter";

import { useSubmitExperiment } from "../api/experiments";
import { ApiError } from "../api/client";
import type { Template } from "../api/types";
import { plural } from "../format";

/** Sends an experiment and goes to its run. The same spec sent again after a failure carries the same key, so that it is created once. */
export function useSubmit(onCreated?: () => void) {
  const [, navigate] = useLocation();
  const { mutateAsync, isPending, error, reset } = useSubmitExperiment();
  const attempt = useRef({ body: "", key: "" });

  const submit = useCallback(
    async (spec: Record<string, unknown>, seeds: number[] = [], variants?: Template["variants"]) => {
      const body = JSON.stringify([spec, seeds, variants]);
      if (attempt.current.body !== body) attempt.current = { body, key: crypto.randomUUID() };
      const request = { spec, seeds: seeds.length > 0 ? seeds : undefined, variants, key: attempt.current.key };
      const created = await mutateAsync(request).catch((failure: unknown) => {
        if (!(failure instanceof ApiError)) throw failure;
      });
      const [first, ...others] = created?.runs ?? [];
      if (!first) return;
      attempt.current = { body: "", key: "" };
      onCreated?.();
      if (variants) return navigate(`/compare?group=${created!.id}`);
      if (others.length > 0) notifications.show({ message: `${plural(others.length + 1, "run")} queued, one for each seed. This is the first.` });
      navigate(`/runs/${first.id}`);
    },
    [mutateAsync, navigate, onCreated],
  );
  return { submit, isPending, error: error instanceof ApiError ? error : null, forget: reset };
}
