import { MultiSelect, Select } from "@mantine/core";

import { useOver } from "../../api/runs";
import { Reset } from "./Marks";
import { models } from "./models";
import { effective, type Leaf } from "../tree/tree";
import { textOf } from "../tree/typed";
import { useLeaf } from "./useLeaf";

const NONE = "No run is over yet";

/** Another run's model. */
export function RunField({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const chosen = textOf(effective(node));
  return (
    <Select
      {...control}
      data={models(useOver().data ?? [], [chosen])}
      value={chosen || null}
      placeholder="Choose a run"
      nothingFoundMessage={NONE}
      searchable
      onChange={(value) => write(value ?? undefined)}
    />
  );
}

/** Models of several runs. */
export function RunsField({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const held = effective(node);
  const chosen = Array.isArray(held) ? held.map(textOf) : [];
  return (
    <MultiSelect
      {...control}
      data={models(useOver().data ?? [], chosen)}
      value={chosen}
      placeholder="Choose runs"
      nothingFoundMessage={NONE}
      searchable
      rightSection={<Reset node={node} />}
      onChange={write}
    />
  );
}
