import type { ReactNode } from "react";

import { ComponentField } from "./ComponentField";
import { Fields } from "./Fields";
import { LeafField } from "./LeafField";
import { ListField } from "./ListField";
import { OptionalField } from "./OptionalField";
import type { Node } from "../tree/tree";

/** One field of the form, whatever its schema asks for. What holds other fields is told here how to draw them. */
export function Field({ node }: { node: Node }) {
  switch (node.type) {
    case "component":
      return <ComponentField node={node} draw={draw} />;
    case "group":
      return <Fields nodes={node.fields} draw={draw} />;
    case "list":
      return <ListField node={node} draw={draw} />;
    case "optional":
      return <OptionalField node={node} draw={draw} />;
    default:
      return <LeafField node={node} />;
  }
}

export function draw(node: Node): ReactNode {
  return <Field key={node.key} node={node} />;
}
