import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useSyncExternalStore } from "react";
import { queryClient } from "../api/queryClient";
import { deleteRun } from "../api/runs";
import type { RunRow } from "../api/types";

const GRACE = 6000;

let thrown: ReadonlyMap<string, ReturnType<typeof setTimeout>> = new Map();
const observers = new Set<() => void>();

function put(next: typeof thrown): void {
  thrown = next;
  for (const observer of observers) observer();
}

function restore(id: string): void {
  clearTimeout(thrown.get(id));
  put(new Map([...thrown].filter(([other]) => other !== id)));
  notifications.hide(`trash-${id}`);
}

async function destroy(run: RunRow): Promise<void> {
  try {
    await deleteRun(run.id);
    await queryClient.invalidateQueries({ queryKey: ["runs"] });
    void queryClient.invalidateQueries({ queryKey: ["tradeoffs"] });
  } catch (error) {
    notifications.show({ color: "red", title: `“${run.name}” is still there`, message: (error as Error).message });
  } finally {
    restore(run.id);
  }
}

/** Takes a run out of sight now and deletes it in a moment, unless the reader takes it back. */
export function throwAway(run: RunRow): void {
  put(new Map(thrown).set(run.id, setTimeout(() => void destroy(run), GRACE)));
  notifications.show({
    id: `trash-${run.id}`,
    autoClose: GRACE,
    withCloseButton: false,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" lineClamp={2}>
          Deleted “{run.name}”
        </Text>
        <Button size="compact-sm" variant="light" onClick={() => restore(run.id)}>
          Undo
        </Button>
      </Group>
    ),
  });
}

/** The runs that are about to be deleted. */
export const useThrown = () =>
  useSyncExternalStore(
    (observer) => {
      observers.add(observer);
      return () => observers.delete(observer);
    },
    () => thrown,
  );
