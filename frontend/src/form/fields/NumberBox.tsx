import { Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { same, type Json } from "../tree/schema";
import { numberFrom, textOf } from "../tree/typed";

interface NumberBoxProps {
  id?: string;
  label: string;
  about?: string;
  unit?: string;
  error?: ReactNode;
  value: Json | undefined;
  disabled?: boolean;
  /** Undefined when the box is emptied. */
  onChange: (value: Json | undefined) => void;
}

/** A number as it is typed: "1e-" stays "1e-" for as long as it means what the document holds. */
export function NumberBox({ unit, about, value, onChange, ...rest }: NumberBoxProps) {
  const [typed, setTyped] = useState<string>();
  const text = typed !== undefined && same(numberFrom(typed), value) ? typed : textOf(value);
  return (
    <TextInput
      {...rest} description={about} inputWrapperOrder={["label", "input", "error", "description"]} inputMode="decimal" autoComplete="off" value={text}
      rightSection={unit && <Text size="xs" c="dimmed" component="span">{unit}</Text>} rightSectionWidth={unit ? 14 + unit.length * 7 : undefined}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        onChange(numberFrom(currentTarget.value));
      }}
    />
  );
}
