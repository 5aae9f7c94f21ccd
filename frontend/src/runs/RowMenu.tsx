import { ActionIcon, Menu } from "@mantine/core";
import { Link } from "wouter";
import type { RunRow } from "../api/types";
import { BanIcon, CloneIcon, DotsIcon, StopIcon, TrashIcon } from "../ui/icons";
import { isTerminal } from "../api/states";
import { useSteering } from "./actions";
import { throwAway } from "./trash";

/** What can be done with one run. */
export function RowMenu({ run }: { run: RunRow }) {
  const { ask } = useSteering();
  const over = isTerminal(run.state);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${run.name}`}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {!over && run.state !== "queued" && (
          <Menu.Item leftSection={<StopIcon />} onClick={() => ask(run, "stop")}>
            Stop and measure
          </Menu.Item>
        )}
        {!over && (
          <Menu.Item leftSection={<BanIcon />} onClick={() => ask(run, "cancel")}>
            Cancel
          </Menu.Item>
        )}
        <Menu.Item leftSection={<CloneIcon />} component={Link} href={`/new?clone=${run.id}`}>
          Clone
        </Menu.Item>
        {over && (
          <Menu.Item leftSection={<TrashIcon />} color="red" onClick={() => throwAway(run)}>
            Delete
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
