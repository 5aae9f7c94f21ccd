import { Alert, Text } from "@mantine/core";
import type { RunDetail } from "../api/types";
import { useWorkers } from "../api/workers";
import { AlertIcon } from "../ui/icons";
import { isTerminal } from "../api/states";

/** What endangers a run that is not over: its own note, and what keeps all runs from being stored. */
export function Endangered({ run }: { run: RunDetail }) {
  const { data } = useWorkers();
  if (isTerminal(run.state)) return null;
  const common = (data?.complaints ?? []).filter(({ name }) => name === "database").map(({ sentence }) => sentence);
  const sentences = [...(run.note ? [run.note] : []), ...common];
  if (sentences.length === 0) return null;
  return (
    <Alert color="orange" variant="light" icon={<AlertIcon />} title="This run needs your attention">
      {sentences.map((sentence) => (
        <Text key={sentence} size="sm">
          {sentence}
        </Text>
      ))}
    </Alert>
  );
}
