import { Text } from "@mantine/core";

interface Defined {
  formula?: string | null;
  reference?: string | null;
  unavailable?: string | null;
}

/** A component's formula, where it comes from, and why no worker can run it where that is so. */
export function Definition({ entry, className }: { entry: Defined; className: string | undefined }) {
  return (
    <>
      {entry.formula && (
        <Text size="xs" ff="monospace" className={className}>
          {entry.formula}
        </Text>
      )}
      {entry.reference && (
        <Text size="xs" c="dimmed">
          {entry.reference}
        </Text>
      )}
      {entry.unavailable && (
        <Text size="xs" c="orange">
          No worker can run it now: {entry.unavailable}.
        </Text>
      )}
    </>
  );
}
