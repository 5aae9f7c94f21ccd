import { Group, NativeSelect, Switch, TextInput } from "@mantine/core";

import classes from "./data.module.css";
import type { Options as Said } from "./parts";
import { Shape } from "./Staged";

interface OptionsProps {
  options: Said;
  onPut: (name: string, value: string) => void;
}

/** What may be said of data; most need nothing. */
export function Options({ options, onPut }: OptionsProps) {
  const text = (name: string, label: string, placeholder: string) => (
    <TextInput
      size="xs" label={label} placeholder={placeholder} value={options[name] ?? ""}
      onChange={({ currentTarget: { value } }) => onPut(name, value)}
    />
  );
  return (
    <details className={classes.options}>
      <summary>Options</summary>
      <Group gap="md" align="flex-end" mt="xs">
        {text("target", "Target column", "the last one")}
        <NativeSelect
          size="xs" label="The target is" value={options["task"] ?? "auto"}
          data={[{ value: "auto", label: "detected" }, { value: "classification", label: "classes" }, { value: "regression", label: "numbers" },
            { value: "text classification", label: "classes of texts" }, { value: "language", label: "the next character" }]}
          onChange={({ currentTarget: { value } }) => onPut("task", value)}
        />
        <NativeSelect
          size="xs" label="The first line" value={options["header"] ?? "auto"}
          data={[{ value: "auto", label: "detected" }, { value: "yes", label: "names the columns" }, { value: "no", label: "is data" }]}
          onChange={({ currentTarget: { value } }) => onPut("header", value)}
        />
        {text("ignore", "Columns to leave out", "none; commas between")}
        {text("split", "Column of the split", "none: it is drawn")}
        <Switch
          size="xs" label="Leave out lines with missing values" checked={options["missing"] === "leave_out"}
          onChange={({ currentTarget: { checked } }) => onPut("missing", checked ? "leave_out" : "refuse")}
        />
      </Group>
      <Group gap="md" align="flex-end" mt="xs">
        <Shape options={options} onPut={onPut} />
        {text("black", "Black in images", "detected")}
        {text("white", "White in images", "detected")}
      </Group>
    </details>
  );
}
