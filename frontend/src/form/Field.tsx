import { useForm } from "./FormContext";
import { ComponentField } from "./ComponentField";
import { LeafField } from "./LeafField";
import { ListField } from "./ListField";
import { OptionalField } from "./OptionalField";
import classes from "./form.module.css";
import type { Node } from "./tree";

/** One field of the form, whatever its schema asks for. */
export function Field({ node }: { node: Node }) {
  switch (node.type) {
    case "component":
      return <ComponentField node={node} />;
    case "group":
      return <Fields nodes={node.fields} />;
    case "list":
      return <ListField node={node} />;
    case "optional":
      return <OptionalField node={node} />;
    default:
      return <LeafField node={node} />;
  }
}

const STRUCTURED = new Set<Node["type"]>(["component", "group", "list", "optional"]);

/** Plain fields side by side, then everything that has fields of its own. */
export function Fields({ nodes }: { nodes: readonly Node[] }) {
  const { messages } = useForm();
  const plain = nodes.filter((node) => !STRUCTURED.has(node.type));
  const structured = nodes.filter((node) => STRUCTURED.has(node.type));
  const wide = (node: Node) => node.type === "values" || node.type === "text" || node.type === "runs" || node.type === "upload" || node.type === "columns" || messages.has(node.key);
  return (
    <>
      {plain.length > 0 && (
        <div className={classes.grid}>
          {plain.map((node) => (
            <div key={node.key} className={wide(node) ? classes.wide : undefined}>
              <Field node={node} />
            </div>
          ))}
        </div>
      )}
      {structured.map((node) => (
        <Field key={node.key} node={node} />
      ))}
    </>
  );
}
