import { Switch } from "@mantine/core";

import type { Draw } from "./Fields";
import { useForm, useProblem } from "./FormContext";
import classes from "../form.module.css";
import { useHelp } from "./Marks";
import { toggle } from "../tree/edit";
import type { Optional } from "../tree/tree";

/** A part that a spec may leave out altogether: a switch, and its fields when it is on. */
export function OptionalField({ node, draw }: { node: Optional; draw: Draw }) {
  const { root, forms, edit, readOnly } = useForm();
  const problem = useProblem(node.key);
  const help = useHelp(node);
  return (
    <div className={classes.nested} role="group" aria-label={node.label} data-changed={help.changed || undefined}>
      <Switch
        label={node.label}
        description={help.text}
        error={node.inner ? undefined : problem}
        checked={node.inner !== undefined}
        disabled={readOnly}
        onChange={({ currentTarget }) => edit(toggle(root, node, currentTarget.checked, forms))}
      />
      {node.inner && <div className={classes.inner}>{draw(node.inner)}</div>}
    </div>
  );
}
