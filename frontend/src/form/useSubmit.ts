import { notifications } from "@mantine/notifications";
import { useCallback, useRef } from "react";
import { useLocation } from "wouter";

import { compares, pageOf, type Submission, useSubmitExperiment } from "../api/experiments";
import { ApiError } from "../api/client";
import { plural } from "../format";

/** Sends an experiment and goes to its run. The same spec sent again after a failure carries the same key, so that it is created once. */
export function useSubmit(onCreated?: () => void) {
  const [, navigate] = useLocation();
  const { mutateAsync, isPending, error, reset } = useSubmitExperiment();
  const attempt = useRef({ body: "", key: "" });

  const submit = useCallback(
    async (submission: Omit<Submission, "key">) => {
      const body = JSON.stringify(submission);
      if (attempt.current.body !== body) attempt.current = { body, key: crypto.randomUUID() };
      const created = await mutateAsync({ ...submission, key: attempt.current.key }).catch((failure: unknown) => {
        if (!(failure instanceof ApiError)) throw failure;
      });
      if (!created) return;
      attempt.current = { body: "", key: "" };
      onCreated?.();
      const compared = compares(submission);
      const [leftOut] = created.left_out ?? [];
      if (leftOut) notifications.show({ autoClose: 12_000, title: `Left out: ${plural(created.left_out!.length, "order")}`, message: `${leftOut.name}: ${leftOut.reason}` });
      if (!compared && created.runs.length > 1) notifications.show({ message: `${plural(created.runs.length, "run")} queued, one for each seed. This is the first.` });
      navigate(pageOf(created, compared));
    },
    [mutateAsync, navigate, onCreated],
  );
  return { submit, isPending, error: error instanceof ApiError ? error : null, forget: reset };
}
