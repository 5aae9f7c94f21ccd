import { Group, Text } from "@mantine/core";

import classes from "../form.module.css";
import { Reset } from "./Marks";
import type { Leaf } from "../tree/tree";

/** What stands at the end of a field: the way back to its default, and its unit. */
export function Tail({ node }: { node: Leaf }) {
  return (
    <Group gap={2} wrap="nowrap" justify="flex-end" className={classes.tail}>
      <Reset node={node} />
      {node.schema["x-unit"] && (
        <Text size="xs" c="dimmed" component="span">
          {node.schema["x-unit"]}
        </Text>
      )}
    </Group>
  );
}

export function tailWidth(node: Leaf): number {
  const unit = node.schema["x-unit"]?.length ?? 0;
  return 10 + unit * 7 + (node.source === "given" && node.implied !== undefined ? 24 : 0);
}
