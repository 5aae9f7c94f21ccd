import { Text } from "@mantine/core";

/** Says that no worker stands behind the catalog yet, as after a restart. */
export function StaleCatalog({ stale }: { stale: boolean | undefined }) {
  if (!stale) return null;
  return (
    <Text size="sm" c="dimmed" role="status">
      No worker is ready yet: these are the techniques of the last one. New plug-ins appear here as soon as the next one has started.
    </Text>
  );
}
