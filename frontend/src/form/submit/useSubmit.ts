import { notifications } from "@mantine/notifications";
import { useCallback } from "react";
import { useLocation } from "wouter";

import { compares, pageOf, type Submission, useSubmitExperiment } from "../../api/experiments";
import { ApiError } from "../../api/client";
import { plural } from "../../format";
import { useOnce } from "./useOnce";

/** Sends an experiment and goes to its run. */
export function useSubmit(onCreated?: () => void) {
  const [, navigate] = useLocation();
  const { mutateAsync, isPending, error, reset } = useSubmitExperiment();
  const create = useOnce(mutateAsync);

  const submit = useCallback(
    async (submission: Omit<Submission, "key">) => {
      const created = await create(submission);
      if (!created) return;
      onCreated?.();
      const compared = compares(submission);
      const [leftOut] = created.left_out ?? [];
      if (leftOut) notifications.show({ autoClose: 12_000, title: `Left out: ${plural(created.left_out!.length, "order")}`, message: `${leftOut.name}: ${leftOut.reason}` });
      if (!compared && created.runs.length > 1) notifications.show({ message: `${plural(created.runs.length, "run")} queued, one for each seed. This is the first.` });
      navigate(pageOf(created, compared));
    },
    [create, navigate, onCreated],
  );
  return { submit, isPending, error: error instanceof ApiError ? error : null, forget: reset };
}
