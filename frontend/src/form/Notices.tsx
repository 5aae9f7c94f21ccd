import { Alert, Button, Group, Text } from "@mantine/core";

import { count } from "../format";
import { Failure } from "../ui/Failure";
import type { useBeginning } from "./useBeginning";
import type { useSpec } from "./useSpec";

interface NoticesProps {
  spec: ReturnType<typeof useSpec>;
  beginning: ReturnType<typeof useBeginning>;
}

/** Where the form began, and how to get back what stood there before. */
export default function Notices({ spec, beginning }: NoticesProps) {
  const { draft } = spec;
  const differs = draft.text !== draft.original;
  const forkStep = beginning.parent?.artifacts.find(({ id }) => id === beginning.fork?.checkpoint)?.step;
  return (
    <>
      {beginning.failure && <Failure what="What the form should begin with" error={beginning.failure} />}
      {draft.previous && (
        <Alert variant="light" color="gray" role="status">
          <Group justify="space-between" gap="xs">
            <Text size="sm">What you had written before was set aside.</Text>
            <Button size="compact-sm" variant="default" onClick={beginning.bringBack}>
              Bring it back
            </Button>
          </Group>
        </Alert>
      )}
      {beginning.fork && (
        <Text size="sm" c="dimmed">
          A fork of {beginning.parent?.name ?? "another run"}
          {forkStep !== undefined && `, from step ${count(forkStep)} on`}: what was trained until then is taken over as it is, and only later stages may
          differ.
        </Text>
      )}
      {beginning.clone !== undefined && (
        <Group gap="xs">
          <Text size="sm" c="dimmed">
            Cloned from {beginning.clone}. {differs ? "Changed fields are marked." : "Nothing is changed yet."}
          </Text>
          {differs && (
            <Button size="compact-xs" variant="subtle" onClick={() => spec.type(draft.original)}>
              Undo all changes
            </Button>
          )}
        </Group>
      )}
    </>
  );
}
