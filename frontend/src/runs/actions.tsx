import { notifications } from "@mantine/notifications";
import { useCommand } from "../api/runs";
import type { RunRow } from "../api/types";

/** Stop and cancel, with the answer told when it is a no. */
export function useSteering() {
  const { mutate, isPending } = useCommand();
  const ask = (run: Pick<RunRow, "id" | "name">, kind: "stop" | "cancel") =>
    mutate(
      { run: run.id, kind },
      {
        onError: (error) => notifications.show({ color: "red", title: `“${run.name}” goes on`, message: error.message }),
        onSuccess: () =>
          notifications.show({
            message: kind === "stop" ? `“${run.name}” will stop and be measured.` : `“${run.name}” is being cancelled.`,
          }),
      },
    );
  return { ask, isPending };
}
