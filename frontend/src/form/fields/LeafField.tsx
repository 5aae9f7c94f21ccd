import { Group, Select, Switch, TextInput } from "@mantine/core";
import { Suspense, useState } from "react";

import classes from "../form.module.css";
import { Reset } from "./Marks";
import { Tail, tailWidth } from "./Tail";
import { same } from "../tree/schema";
import { describe } from "../tree/summary";
import { effective, type Leaf } from "../tree/tree";
import { numberFrom, rawFrom, textOf } from "../tree/typed";
import { useLeaf } from "./useLeaf";
import { later } from "../../ui/later";

const ValuesField = later("The field", () => import("./ValuesField"));
const OutsideField = later("The field", () => import("./OutsideField"));

export function LeafField({ node }: { node: Leaf }) {
  switch (node.type) {
    case "switch":
      return <SwitchField node={node} />;
    case "choice":
      return <ChoiceField node={node} />;
    case "values":
      return (
        <Suspense>
          <ValuesField node={node} />
        </Suspense>
      );
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
      placeholder={node.schema["x-constraint"] ? "accuracy >= 93% and bytes <= 100KB" : node.implied === undefined ? "" : describe(node.implied)}
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
