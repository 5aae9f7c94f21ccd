import { RunField, RunsField } from "./RunField";
import type { Leaf } from "../tree/tree";
import { ColumnField, ColumnsField, UploadField } from "./UploadField";

/** A field that names something outside of the spec: another run's model, or one's own data. */
export default function OutsideField({ node }: { node: Leaf }) {
  switch (node.type) {
    case "run":
      return <RunField node={node} />;
    case "runs":
      return <RunsField node={node} />;
    case "column":
      return <ColumnField node={node} />;
    case "columns":
      return <ColumnsField node={node} />;
    default:
      return <UploadField node={node} />;
  }
}
