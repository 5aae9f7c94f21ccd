import { ActionIcon, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

import { useForm } from "./FormContext";
import classes from "../form.module.css";
import { unset } from "../tree/edit";
import { ResetIcon } from "./icons";
import { Sentence } from "../../ui/Sentence";
import { boundsOf, isMapping, same, type Json } from "../tree/schema";
import { describe } from "../tree/summary";
import { effective, type Node } from "../tree/tree";

/** Takes the default (or the handed-on value) again. */
export function Reset({ node }: { node: Node }) {
  const { root, edit, readOnly } = useForm();
  if (node.source !== "given" || node.implied === undefined || readOnly) return null;
  const text = `Reset to ${describe(node.implied)}`;
  return (
    <Tooltip label={text} withinPortal>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={text} onClick={() => edit(unset(root, node.path))}>
        <ResetIcon size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

/** What the field is for, what it may be, and what it was before somebody changed it. */
export function useHelp(node: Node, help = node.schema.description): { text: ReactNode; changed: boolean } {
  const { original } = useForm();
  const now = own(node, effective(node));
  const before = own(node, original?.(node.path));
  const changed = original !== undefined && !same(before, now);
  const bounds = boundsOf(node.schema);
  const inherited = node.source === "inherited" ? "Inherited from the previous stage." : "";
  const words = [sentence(help), bounds && sentence(bounds), inherited].filter(Boolean).join(" ");
  if (!words && !changed) return { text: undefined, changed };
  const was = changed && <span className={classes.was}>{before === undefined ? "new" : `was ${describe(before)}`}</span>;
  return {
    text: (
      <>
        <Sentence text={words} /> {was}
      </>
    ),
    changed,
  };
}

/** What the field itself says: of a component only its kind, for its fields tell their own changes; of a list how long it is. */
function own(node: Node, value: Json | undefined): Json | undefined {
  if (node.type === "component") return isMapping(value) ? value["kind"] : value;
  if (node.type === "optional") return value !== null && value !== undefined;
  if (node.type === "list" && Array.isArray(value)) return value.map((item) => (isMapping(item) ? (item["kind"] ?? null) : item));
  return value;
}

function sentence(text = ""): string {
  if (!text) return "";
  const started = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(started) ? started : `${started}.`;
}
