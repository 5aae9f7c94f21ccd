import { Combobox, Text, Textarea, useCombobox } from "@mantine/core";
import { type ReactNode, type Ref, useState } from "react";

import type { TradeoffPoint } from "../api/types";
import { completions, unfinished, type Named } from "./complete";
import type { Units } from "./fields";
import classes from "./tradeoffs.module.css";

interface ConstraintInputProps {
  id?: string;
  ref?: Ref<HTMLTextAreaElement>;
  description: ReactNode;
  text: string;
  units: Units;
  points: readonly TradeoffPoint[];
  named?: Named | undefined;
  /** What the server says is wrong with the constraint. */
  error: ReactNode;
  disabled?: boolean;
  onText: (text: string) => void;
  /** Enter was pressed: it is to be taken as it is. */
  onDone?: () => void;
}

/** What a model must fulfil, with how it may go on offered while it is typed. */
export function ConstraintInput({ id, ref, description, text, units, points, named, error, disabled, onText, onDone }: ConstraintInputProps) {
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [after, setAfter] = useState<number>();
  const offered = after === text.length ? completions(text, units, points, named) : [];
  // Half of a word is not wrong yet for as long as it may still become a right one.
  const wrong = combobox.dropdownOpened && offered.length > 0 && unfinished(text, units, named) ? undefined : error;
  return (
    <Combobox
      store={combobox} position="bottom-start" middlewares={{ flip: false, shift: true }} width="max-content" transitionProps={{ duration: 0 }}
      onOptionSubmit={(value) => {
        onText(value);
        setAfter(value.length);
        combobox.resetSelectedOption();
      }}
    >
      <Combobox.Target>
        <Textarea
          id={id} ref={ref} label="Constraint" description={description} disabled={disabled}
          placeholder="accuracy >= 93% and p95_ms@1 <= 2ms" inputWrapperOrder={["label", "input", "error", "description"]}
          value={text} error={wrong} autosize minRows={1} maxRows={4} spellCheck={false} autoComplete="off" autoCapitalize="off"
          maxLength={500} classNames={{ input: classes.constraint }}
          onChange={({ currentTarget }) => {
            onText(currentTarget.value);
            setAfter(currentTarget.selectionStart);
            combobox.openDropdown();
            combobox.resetSelectedOption();
          }}
          onFocus={({ currentTarget }) => {
            setAfter(currentTarget.selectionStart);
            combobox.openDropdown();
          }}
          onBlur={() => combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
            event.preventDefault();
            if (combobox.getSelectedOptionIndex() >= 0 && combobox.dropdownOpened) return;
            combobox.closeDropdown();
            onDone?.();
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={offered.length === 0}>
        <Combobox.Options aria-label="How it may go on">
          {offered.map(({ word, about, text }) => (
            <Combobox.Option key={word} value={text} className={classes.completion}>
              <code>{word}</code>
              <Text span size="xs" c="dimmed">{about}</Text>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
