import { ActionIcon, Group, Paper, Text, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

import { type Draw, Fields } from "./Fields";
import { useForm } from "./FormContext";
import classes from "../form.module.css";
import { ChevronIcon } from "./icons";
import { KindSelect } from "./KindSelect";
import { concerns } from "../tree/problems";
import { describe, summaryOf } from "../tree/summary";
import { effective, type Node } from "../tree/tree";
import { AlertIcon, ArrowDownIcon, ArrowUpIcon, TrashIcon } from "../../ui/icons";

interface ItemCardProps {
  node: Node;
  index: number;
  count: number;
  open: boolean;
  /** What one entry is called: "Stage". */
  noun: string;
  draw: Draw;
  onToggle: () => void;
  onMove: (to: number) => void;
  onRemove: () => void;
}

/** One entry of a list: a line that says what it does, and its fields when it is open. */
export function ItemCard({ node, index, count, open, noun, draw, onToggle, onMove, onRemove }: ItemCardProps) {
  const { problems, readOnly } = useForm();
  const name = `${noun} ${index + 1}`;
  const kind = node.type === "component" && typeof node.kind === "string" ? node.kind : "";
  return (
    <Paper className={classes.item} role="group" aria-label={kind ? `${name}: ${kind}` : name} data-item={index}>
      <Group wrap="nowrap" gap={4} className={classes.itemHead}>
        <button type="button" data-toggle className={classes.toggle} aria-expanded={open} onClick={onToggle}>
          <ChevronIcon size={14} className={classes.chevron} />
          <span className={classes.number}>{index + 1}</span>
          <span className={classes.itemText}>
            <Text component="span" size="sm" fw={600}>
              {kind || noun}
            </Text>
            <Text component="span" size="xs" c="dimmed" className={classes.summary}>
              {node.type === "component" ? summaryOf(node) : describe(effective(node))}
            </Text>
          </span>
          {concerns(problems, node.key) && (
            <span className={classes.flag}>
              <AlertIcon size={14} />
              <span className="visually-hidden">has a problem</span>
            </span>
          )}
        </button>
        {!readOnly && (
          <Group gap={0} wrap="nowrap">
            <Act move="up" label={`Move ${name} up`} disabled={index === 0} onClick={() => onMove(index - 1)} icon={<ArrowUpIcon size={15} />} />
            <Act move="down" label={`Move ${name} down`} disabled={index === count - 1} onClick={() => onMove(index + 1)} icon={<ArrowDownIcon size={15} />} />
            <Act label={`Remove ${name}`} onClick={onRemove} icon={<TrashIcon size={15} />} />
          </Group>
        )}
      </Group>
      {open && (
        <div className={classes.itemBody}>
          {node.type === "component" ? (
            <>
              <div className={classes.itemKind}>
                <KindSelect node={node} label="Kind" />
              </div>
              <Fields nodes={node.fields} draw={draw} />
            </>
          ) : (
            draw(node)
          )}
        </div>
      )}
    </Paper>
  );
}

interface ActProps {
  label: string;
  icon: ReactNode;
  /** Where it moves the entry; a shortcut presses it by that. */
  move?: "up" | "down";
  disabled?: boolean;
  onClick: () => void;
}

function Act({ label, icon, move, disabled, onClick }: ActProps) {
  return (
    <Tooltip label={label} withinPortal>
      <ActionIcon variant="subtle" color="gray" aria-label={label} data-move={move} disabled={disabled} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
