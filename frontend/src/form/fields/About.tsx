import { ActionIcon, Popover, Stack, Text } from "@mantine/core";

import { Definition } from "../../catalog/Definition";
import classes from "../form.module.css";
import { QuestionIcon } from "./icons";
import type { Entry } from "../tree/schema";

/** What a component is, its formula and where it comes from, behind a small question mark. */
export function About({ entry }: { entry: Entry }) {
  return (
    <Popover width={380} position="bottom-end" shadow="md" withArrow trapFocus={false} withinPortal>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`About ${entry.kind}`}>
          <QuestionIcon size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown className={classes.about}>
        <Stack gap="xs">
          <Text fw={600} size="sm">
            {entry.kind}
          </Text>
          {entry.description.split("\n\n").map((paragraph) => (
            <Text key={paragraph} size="sm">
              {paragraph}
            </Text>
          ))}
          <Definition entry={entry} className={classes.formula} />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
