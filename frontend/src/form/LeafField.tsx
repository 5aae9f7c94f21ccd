import { Group, MultiSelect, Select, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import classes from "./form.module.css";
import { Reset } from "./Marks";
import { same } from "./schema";
import { describe } from "./summary";
import { effective, type Leaf } from "./tree";
import { numberFrom, rawFrom, textOf } from "./typed";
import { useLeaf } from "./useLeaf";

const OutsideField = lazy(() => import("./OutsideField"));

export function LeafField({ node }: { node: Leaf }) {
  switch (node.type) {
    case "switch":
      return <SwitchField node={node} />;
    case "choice":
      return <ChoiceField node={node} />;
    case "values":
      return node.schema.items?.enum ? <ManyField node={node} /> : <ValuesField node={node} />;
    case "run":
    case "runs":
    case "upload":
    case "column":
    case "columns":
      return (
        <Suspense>
          <OutsideField node={node} />
        </Suspense>
      );
    default:
      return <TypedField node={node} />;
  }
}

function TypedField({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const read = node.type === "number" ? numberFrom : node.type === "raw" ? rawFrom : (text: string) => text || undefined;
  const [typed, setTyped] = useState<string>();
  // What is typed stays as it is typed ("1e-") for as long as it still means what the spec holds.
  const current = typed !== undefined && same(read(typed), node.value) ? typed : textOf(node.value);
  return (
    <TextInput
      {...control}
      value={current}
      placeholder={node.schema["x-constraint"] ? "accuracy >= 93% and bytes <= 100KB" : node.fallback === undefined ? "" : describe(node.fallback)}
      inputMode={node.type === "number" ? "decimal" : undefined}
      autoComplete="off"
      spellCheck={false}
      rightSection={<Tail node={node} />}
      rightSectionWidth={tailWidth(node)}
      onChange={({ currentTarget: { value } }) => {
        setTyped(value);
        write(read(value));
      }}
    />
  );
}

function Tail({ node }: { node: Leaf }) {
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

function tailWidth(node: Leaf): number {
  const unit = node.schema["x-unit"]?.length ?? 0;
  return 10 + unit * 7 + (node.source === "given" && node.fallback !== undefined ? 24 : 0);
}

function SwitchField({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const { inputWrapperOrder: _order, withAsterisk: _asterisk, required: _required, ...rest } = control;
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start" className={classes.switch}>
      <Switch {...rest} checked={effective(node) === true} onChange={({ currentTarget }) => write(currentTarget.checked)} />
      <Reset node={node} />
    </Group>
  );
}

function ChoiceField({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const options = node.schema.enum ?? (node.schema.const === undefined ? [] : [node.schema.const]);
  return (
    <Select
      {...control}
      data={options.map((option) => ({ value: textOf(option), label: describe(option) }))}
      value={textOf(effective(node)) || null}
      allowDeselect={false}
      rightSection={node.source === "given" ? <Reset node={node} /> : undefined}
      onChange={(chosen) => write(options.find((option) => textOf(option) === chosen))}
    />
  );
}

function ManyField({ node }: { node: Leaf }) {
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

function ValuesField({ node }: { node: Leaf }) {
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
