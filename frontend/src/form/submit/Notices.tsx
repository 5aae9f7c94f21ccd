import { Alert, Button, Group, Text } from "@mantine/core";

import { count } from "../../format";
import { Failure } from "../../ui/Failure";
import type { useBeginning } from "../spec/useBeginning";
import type { useSpec } from "../spec/useSpec";

interface NoticesProps {
  spec: ReturnType<typeof useSpec>;
  beginning: ReturnType<typeof useBeginning>;
}

/** Where the form began, and how to get back what stood there before. */
export default function Notices({ spec, beginning }: NoticesProps) {
  const { draft } = spec;
  const differs = draft.text !== draft.original;
  const { fork, parent, start } = beginning;
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
      {fork && (
        <Text size="sm" c="dimmed">
          A fork of {parent?.name ?? "another run"}
          {start && `, from step ${count(start.step)} on`}: what was trained until then is taken over as it is. Later stages may differ
          {start?.within != null && `, and in stage ${start.within + 1} from there on: ${start.live.join(", ") || "nothing"}`}.
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
