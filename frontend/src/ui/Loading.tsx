import { Center, Loader, Text } from "@mantine/core";

export function Loading({ what, height = 240 }: { what: string; height?: number }) {
  return (
    <Center mih={height} role="status" style={{ flexDirection: "column", gap: 8 }}>
      <Loader size="sm" type="dots" />
      <Text size="sm" c="dimmed">
        Loading {what}…
      </Text>
    </Center>
  );
}
