import { Alert, Paper, Text, Title } from "@mantine/core";

import { draw } from "./Field";
import { Fields } from "./Fields";
import { useForm, useProblem } from "./FormContext";
import classes from "../form.module.css";
import { ListField } from "./ListField";
import type { Node } from "../tree/tree";

/** The whole spec as a form: what is plain in one card, and a card for each part that has fields of its own. */
export function SpecForm() {
  const { root } = useForm();
  const problem = useProblem("");
  const plain = root.fields.filter((node) => !["component", "list", "group", "optional"].includes(node.type));
  const parts = root.fields.filter((node) => !plain.includes(node));
  return (
    <>
      {problem && (
        <Alert color="red" variant="light">
          {problem}
        </Alert>
      )}
      <Paper className={classes.section}>
        <Fields nodes={plain} draw={draw} />
        {parts.filter((node) => node.type === "component").map(draw)}
      </Paper>
      {parts.filter((node) => node.type !== "component").map((node) => (
        <Part key={node.key} node={node} />
      ))}
    </>
  );
}

function Part({ node }: { node: Node }) {
  return (
    <Paper className={classes.section} component="section" aria-label={node.label}>
      <div>
        <Title order={2}>{node.label}</Title>
        {node.schema.description && (
          <Text size="xs" c="dimmed">
            {node.schema.description}
          </Text>
        )}
      </div>
      {node.type === "list" ? <ListField node={node} heading={false} draw={draw} /> : node.type === "group" ? <Fields nodes={node.fields} draw={draw} /> : null}
    </Paper>
  );
}
