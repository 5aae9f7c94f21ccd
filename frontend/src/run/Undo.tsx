import { Button } from "@mantine/core";
import type { RunDetail } from "../api/types";
import { count } from "../format";
import { useSteering } from "../runs/actions";
import type { ParameterChange } from "./commands";

/** Sets a live parameter back to what it was before a command; named in full where nothing else says which. */
export function Undo({ run, one, named = false }: { run: RunDetail; one: ParameterChange; named?: boolean }) {
  const { ask, isPending } = useSteering();
  const name = `Undo ${one.text}`;
  return (
    <Button
      size={named ? "xs" : "compact-xs"}
      variant="subtle"
      disabled={isPending}
      aria-label={named ? undefined : `${name} at step ${count(one.step)}`}
      onClick={() => ask(run, "set", { path: one.path, value: one.old })}
    >
      {named ? name : "Undo"}
    </Button>
  );
}
