import { notifications } from "@mantine/notifications";
import { type Ask, useCommand } from "../api/steering";
import type { RunRow } from "../api/types";

const ANSWERS: Partial<Record<Ask, string>> = {
  stop: "will stop and be measured.",
  cancel: "is being cancelled.",
  checkpoint: "will write a checkpoint.",
};

/** Commands to a live run, with the answer told when it is a no; what was obeyed is in the run's log. */
export function useSteering() {
  const { mutate, isPending } = useCommand();
  const ask = (run: Pick<RunRow, "id" | "name">, kind: Ask, what: Record<string, unknown> = {}, why = "") =>
    mutate(
      { run: run.id, kind, what, why },
      {
        onError: (error) => notifications.show({ color: "red", title: `“${run.name}” goes on`, message: error.message }),
        onSuccess: () => ANSWERS[kind] && notifications.show({ message: `“${run.name}” ${ANSWERS[kind]}` }),
      },
    );
  return { ask, isPending };
}
