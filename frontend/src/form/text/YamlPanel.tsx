import { Group, Paper, Switch, Title } from "@mantine/core";
import { Suspense, useState } from "react";

import classes from "../form.module.css";
import page from "../workbench.module.css";
import type { Mark } from "../spec/marks";
import { CopyYaml } from "./CopyYaml";
import { later } from "../../ui/later";

const Editor = later("The editor", () => import("./Editor"));
const NO_MARKS: Mark[] = [];

interface YamlPanelProps {
  /** What is written: "Spec", "Study". */
  what?: string;
  text: string;
  /** The spec with every default written out; undefined while it has problems. */
  complete: string | undefined;
  marks: readonly Mark[];
  onChange: (text: string) => void;
}

/** The spec as text, editable; on request with every default written out, to read and to copy. */
export default function YamlPanel({ what = "Spec", text, complete, marks, onChange }: YamlPanelProps) {
  const [all, setAll] = useState(false);
  const showAll = all && complete !== undefined;
  const shown = showAll ? complete : text;
  return (
    <Paper className={`${classes.section} ${page.yaml}`} component="section" aria-label="YAML" style={{ minHeight: 0, flex: "1 1 auto" }}>
      <Group justify="space-between" gap="xs">
        <Title order={2}>YAML</Title>
        <Group gap="sm">
          <Switch
            size="xs"
            label="Show all defaults"
            checked={showAll}
            disabled={complete === undefined}
            onChange={({ currentTarget }) => setAll(currentTarget.checked)}
          />
          <CopyYaml text={shown} />
        </Group>
      </Group>
      <div className={page.editor}>
        <Suspense fallback={<textarea className={page.plain} aria-label={`${what} as YAML`} value={shown} readOnly />}>
          <Editor
            label={showAll ? `${what} as YAML with all defaults, to read` : `${what} as YAML`}
            value={shown} marks={showAll ? NO_MARKS : marks} readOnly={showAll} onChange={onChange}
          />
        </Suspense>
      </div>
    </Paper>
  );
}
