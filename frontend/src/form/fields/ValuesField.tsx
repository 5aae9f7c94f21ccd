import { MultiSelect, TagsInput } from "@mantine/core";

import { Reset } from "./Marks";
import { Tail, tailWidth } from "./Tail";
import { describe } from "../tree/summary";
import { effective, type Leaf } from "../tree/tree";
import { numberFrom, textOf } from "../tree/typed";
import { useLeaf } from "./useLeaf";

/** A list of plain values: some of those that there are, or any. */
export default function ValuesField({ node }: { node: Leaf }) {
  return node.schema.items?.enum ? <Many node={node} /> : <Any node={node} />;
}

function Many({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const options = node.schema.items?.enum ?? [];
  const chosen = effective(node);
  return (
    <MultiSelect
      {...control}
      data={options.map((option) => ({ value: textOf(option), label: describe(option) }))}
      value={Array.isArray(chosen) ? chosen.map(textOf) : []}
      rightSection={<Reset node={node} />}
      onChange={(values) => write(options.filter((option) => values.includes(textOf(option))))}
    />
  );
}

function Any({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const held = effective(node);
  const numeric = node.schema.items?.type !== "string";
  return (
    <TagsInput
      {...control}
      value={Array.isArray(held) ? held.map(textOf) : []}
      splitChars={[",", " ", ";"]}
      acceptValueOnBlur
      rightSection={<Tail node={node} />}
      rightSectionWidth={tailWidth(node)}
      onChange={(tags) => write(tags.map((tag) => (numeric ? (numberFrom(tag) ?? tag) : tag)))}
    />
  );
}
