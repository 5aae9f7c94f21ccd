import { Alert, Button, Group, TextInput } from "@mantine/core";

import { ApiError } from "../../api/client";
import { PlayIcon } from "../../ui/icons";
import { Sentence } from "../../ui/Sentence";
import { seedsFrom } from "../tree/typed";

interface SubmitBarProps {
  /** A fork goes on with its parent's randomness. */
  fork: boolean;
  seeds: string;
  onSeeds: (text: string) => void;
  pending: boolean;
  blocked: boolean;
  error: ApiError | null;
  onRun: () => void;
}

/** How many runs, and go. */
export function SubmitBar({ fork, seeds, onSeeds, pending, blocked, error, onRun }: SubmitBarProps) {
  const read = seedsFrom(seeds);
  const wrong = "error" in read ? read.error : undefined;
  const runs = "seeds" in read ? Math.max(read.seeds.length, 1) : 1;
  return (
    <>
      {error && error.problems.length === 0 && (
        <Alert color="red" variant="light" role="alert" title="It was not started">
          {error.status === 0 ? "Lathe did not answer. Nothing is lost: run it again, and it is created once." : <Sentence text={error.message} />}
        </Alert>
      )}
      <Group align="flex-start" gap="sm" wrap="nowrap">
        {!fork && <TextInput
          label="Seeds" description="One run for each: 0, 1, 2 or 0–4. Empty: the seed from the form." placeholder="seed from the form"
          inputWrapperOrder={["label", "input", "error", "description"]}
          value={seeds} error={wrong} style={{ flex: 1 }} autoComplete="off" onChange={({ currentTarget }) => onSeeds(currentTarget.value)}
        />}
        <Button mt={fork ? 0 : 24} leftSection={<PlayIcon />} loading={pending} disabled={blocked || wrong !== undefined} onClick={onRun}>
          {fork ? "Run the fork" : runs > 1 ? `Run ${runs} times` : "Run"}
        </Button>
      </Group>
    </>
  );
}
