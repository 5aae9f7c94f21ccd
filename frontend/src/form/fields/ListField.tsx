import { Button, Group, Menu, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import type { Draw } from "./Fields";
import { useForm, useProblem } from "./FormContext";
import classes from "../form.module.css";
import { ItemCard } from "./ItemCard";
import { Reset, useHelp } from "./Marks";
import { initial, insert, move, remove } from "../tree/edit";
import { moved, opened, without } from "./openness";
import { kinds, type Json } from "../tree/schema";
import type { ListNode } from "../tree/tree";
import { PlusIcon } from "../../ui/icons";

/** Components in an order: add, remove, move. The pipeline itself is one of these. */
export function ListField({ node, heading = true, draw }: { node: ListNode; heading?: boolean; draw: Draw }) {
  const { root, edit, sought } = useForm();
  const problem = useProblem(node.key);
  const [open, setOpen] = useState<boolean[]>(() => (!heading && node.items.length === 1 ? [true] : []));
  const help = useHelp(node);
  const list = useRef<HTMLDivElement>(null);
  const focusNext = useRef<string>(undefined);

  useEffect(() => {
    if (!sought) return;
    const index = node.items.findIndex(({ key }) => sought.key === key || sought.key.startsWith(`${key}.`));
    if (index >= 0) setOpen((before) => opened(before, index));
    // Only a new request opens a card; a card that was closed by hand stays closed.
  }, [sought]);

  useEffect(() => {
    if (!focusNext.current) return;
    list.current?.querySelector<HTMLElement>(focusNext.current)?.focus();
    focusNext.current = undefined;
  });

  const shift = (from: number, to: number) => {
    if (to < 0 || to >= node.items.length) return;
    focusNext.current = `[data-item="${to}"] [data-toggle]`;
    setOpen((before) => moved(before, from, to));
    edit(move(root, node, from, to));
  };
  const drop = (index: number) => {
    focusNext.current = node.items.length > 1 ? `[data-item="${Math.max(0, index - 1)}"] [data-toggle]` : "[data-add]";
    setOpen((before) => without(before, index));
    edit(remove(root, node, index));
  };
  const add = (value: Json) => {
    setOpen((before) => opened(before, node.items.length));
    focusNext.current = `[data-item="${node.items.length}"] [data-toggle]`;
    edit(insert(root, node, value));
  };

  return (
    <div ref={list} className={heading ? classes.nested : classes.stages} role="group" aria-label={node.label}>
      {heading && (
        <Group gap={4} wrap="nowrap">
          <Text size="sm" fw={500}>
            {node.label}
          </Text>
          <Reset node={node} />
        </Group>
      )}
      {heading && help.text && (
        <Text size="xs" c="dimmed">
          {help.text}
        </Text>
      )}
      {problem && (
        <Text size="xs" className={classes.error}>
          {problem}
        </Text>
      )}
      {node.items.map((item, index) => (
        <ItemCard
          key={item.key} node={item} index={index} count={node.items.length} open={open[index] ?? false} noun={heading ? node.label : node.label.replace(/s$/, "")}
          draw={draw}
          onToggle={() => setOpen((before) => opened(before, index, !before[index]))}
          onMove={(to) => shift(index, to)}
          onRemove={() => drop(index)}
        />
      ))}
      <AddButton node={node} onAdd={add} />
    </div>
  );
}

function AddButton({ node, onAdd }: { node: ListNode; onAdd: (value: Json) => void }) {
  const { forms, readOnly } = useForm();
  const family = node.item["x-family"];
  const full = node.schema.maxItems !== undefined && node.items.length >= node.schema.maxItems;
  const label = `Add to ${node.label.toLowerCase()}`;
  const Icon = <PlusIcon size={14} />;
  const button = (
    <Button data-add variant="default" size="xs" leftSection={Icon} disabled={readOnly || full} aria-label={label}>
      Add
    </Button>
  );
  if (!family)
    return (
      <Button data-add variant="default" size="xs" leftSection={Icon} disabled={readOnly || full} aria-label={label} onClick={() => onAdd(initial(node.item, forms))}>
        Add
      </Button>
    );
  return (
    <Menu position="bottom-start" withinPortal shadow="md" width={320}>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown mah={380} className={classes.menu}>
        {kinds(forms.catalog, family).map(({ kind, summary, unavailable }) => (
          <Menu.Item key={kind} aria-label={kind} aria-description={unavailable ?? summary} disabled={Boolean(unavailable)} onClick={() => onAdd({ kind })}>
            <Text size="sm" fw={500}>
              {kind}
            </Text>
            <Text size="xs" c="dimmed">
              {unavailable ? `Not available: ${unavailable}` : summary}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
