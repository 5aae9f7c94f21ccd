import type { ReactNode } from "react";

import { useForm } from "./FormContext";
import classes from "../form.module.css";
import type { Node } from "../tree/tree";

/** How a field that holds others has them drawn. */
export type Draw = (node: Node) => ReactNode;

const STRUCTURED = new Set<Node["type"]>(["component", "group", "list", "optional"]);
const WIDE = new Set<Node["type"]>(["values", "text", "runs", "upload", "columns"]);

/** Plain fields side by side, then everything that has fields of its own. */
export function Fields({ nodes, draw }: { nodes: readonly Node[]; draw: Draw }) {
  const { messages } = useForm();
  const plain = nodes.filter((node) => !STRUCTURED.has(node.type));
  return (
    <>
      {plain.length > 0 && (
        <div className={classes.grid}>
          {plain.map((node) => (
            <div key={node.key} className={WIDE.has(node.type) || messages.has(node.key) ? classes.wide : undefined}>
              {draw(node)}
            </div>
          ))}
        </div>
      )}
      {nodes.filter((node) => STRUCTURED.has(node.type)).map(draw)}
    </>
  );
}
