import { Group, Select, Text } from "@mantine/core";
import { useState } from "react";

import { About } from "./About";
import { Fields } from "./Field";
import { idOf, useForm, useProblem } from "./FormContext";
import classes from "./form.module.css";
import { Reset, useHelp } from "./Marks";
import { choose } from "./edit";
import { ChevronIcon } from "./icons";
import { concerns } from "./problems";
import { kinds } from "./schema";
import { describe, lower } from "./summary";
import { effective, type ComponentNode } from "./tree";

const SEARCHABLE_FROM = 8;

/** A part of the spec that is one of several kinds: the kind, and the fields that this kind has. */
export function ComponentField({ node }: { node: ComponentNode }) {
  return (
    <div className={classes.component} role="group" aria-label={node.label}>
      <KindSelect node={node} label={node.label} />
      <Parameters node={node} />
    </div>
  );
}

/** The fields of the chosen kind. Those of a part that the spec leaves alone fold into one line with what they come to. */
function Parameters({ node }: { node: ComponentNode }) {
  const { problems, sought } = useForm();
  const [open, setOpen] = useState(false);
  if (node.fields.length === 0) return <div className={classes.parameters} />;
  const wanted = sought?.key.startsWith(`${node.key}.`) ?? false;
  if (node.source !== "given" && !open && !wanted && !concerns(problems, node.key))
    return (
      <div className={classes.folded}>
        <button type="button" className={classes.unfold} aria-expanded={false} onClick={() => setOpen(true)}>
          <ChevronIcon size={12} />
          <span className="visually-hidden">{node.label} settings: </span>
          <span>{node.fields.map((field) => `${lower(field.label)} ${describe(effective(field))}`).join(" · ")}</span>
        </button>
      </div>
    );
  return (
    <div className={classes.parameters}>
      <Fields nodes={node.fields} />
    </div>
  );
}

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
