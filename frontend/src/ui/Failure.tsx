import { Alert, Button, Group, Text } from "@mantine/core";
import { ApiError } from "../api/client";
import { AlertIcon } from "./icons";
import { useRecovery } from "./recovery";

interface FailureProps {
  what: string;
  error: Error;
  retry?: () => void;
}

/** Something could not be shown: says what, why, and offers another try. */
export function Failure({ what, error, retry }: FailureProps) {
  useRecovery(error, retry);
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <Alert color="red" variant="light" icon={<AlertIcon />} title={`${what} could not be loaded`}>
      <Text size="sm">{error.message}</Text>
      {retry && !gone && (
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        </Group>
      )}
    </Alert>
  );
}
