import { Group, Select, Text } from "@mantine/core";

import { About } from "./About";
import { idOf, useForm, useProblem } from "./FormContext";
import classes from "../form.module.css";
import { Reset, useHelp } from "./Marks";
import { choose } from "../tree/edit";
import { kinds } from "../tree/schema";
import type { ComponentNode } from "../tree/tree";

const SEARCHABLE_FROM = 8;

/** Chooses the kind. What no worker can run now is shown with the reason and cannot be chosen. */
export function KindSelect({ node, label }: { node: ComponentNode; label: string }) {
  const { root, forms, edit, readOnly } = useForm();
  const problem = useProblem(node.key);
  const entries = kinds(forms.catalog, node.family);
  const unknown = typeof node.kind === "string" && !node.entry ? [{ value: node.kind, label: node.kind }] : [];
  const help = useHelp(node, node.entry?.summary ?? node.schema.description);
  return (
    <Group gap={4} wrap="nowrap" align="flex-start" className={classes.kind}>
      <Select
        id={idOf(node.key)}
        label={label}
        description={help.text}
        inputWrapperOrder={["label", "input", "error", "description"]}
        data-changed={help.changed || undefined}
        error={problem}
        withAsterisk={node.required && node.implied === undefined}
        placeholder="Choose one"
        data={[...entries.map(({ kind, unavailable }) => ({ value: kind, label: kind, disabled: Boolean(unavailable) })), ...unknown]}
        value={typeof node.kind === "string" ? node.kind : null}
        allowDeselect={false}
        searchable={entries.length >= SEARCHABLE_FROM}
        disabled={readOnly}
        maxDropdownHeight={340}
        comboboxProps={{ width: "target", middlewares: { flip: true, shift: true }, position: "bottom-start" }}
        classNames={{ root: classes.grow, dropdown: classes.dropdown }}
        renderOption={({ option }) => <Kind entry={entries.find(({ kind }) => kind === option.value)} name={option.value} />}
        onChange={(kind) => kind && kind !== node.kind && edit(choose(root, node, kind, forms))}
      />
      <Group gap={0} wrap="nowrap" mt={24}>
        <Reset node={node} />
        {node.entry && <About entry={node.entry} />}
      </Group>
    </Group>
  );
}

function Kind({ entry, name }: { entry: { summary: string; unavailable?: string | null } | undefined; name: string }) {
  return (
    <div>
      <Text size="sm" fw={500}>
        {name}
      </Text>
      <Text size="xs" c="dimmed">
        {entry?.unavailable ? `Not available: ${entry.unavailable}` : entry?.summary}
      </Text>
    </div>
  );
}
