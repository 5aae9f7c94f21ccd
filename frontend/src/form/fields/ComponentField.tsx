import { useState } from "react";

import { type Draw, Fields } from "./Fields";
import { useForm } from "./FormContext";
import classes from "../form.module.css";
import { ChevronIcon } from "./icons";
import { KindSelect } from "./KindSelect";
import { concerns } from "../tree/problems";
import { describe, lower } from "../tree/summary";
import { effective, type ComponentNode } from "../tree/tree";

/** A part of the spec that is one of several kinds: the kind, and the fields that this kind has. */
export function ComponentField({ node, draw }: { node: ComponentNode; draw: Draw }) {
  return (
    <div className={classes.component} role="group" aria-label={node.label}>
      <KindSelect node={node} label={node.label} />
      <Parameters node={node} draw={draw} />
    </div>
  );
}

/** The fields of the chosen kind. Those of a part that the spec leaves alone fold into one line with what they come to. */
function Parameters({ node, draw }: { node: ComponentNode; draw: Draw }) {
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
      <Fields nodes={node.fields} draw={draw} />
    </div>
  );
}
