import { Button, Combobox, Select, Text, Textarea, useCombobox } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";

import { Sentence } from "../form/Sentence";
import type { TradeoffPoint } from "../api/types";
import { PlusIcon } from "../ui/icons";
import { completions } from "./complete";
import { examples, joined, ordered, suggestion, titleOf, usual, type Units } from "./fields";
import classes from "./tradeoffs.module.css";
import type { TradeoffsView } from "./view";

const PAUSE_MS = 300;

interface ConstraintBoxProps {
  view: TradeoffsView;
  units: Units;
  points: readonly TradeoffPoint[];
  /** How well models do: what the answer weighs, and what else was measured. */
  quality: string;
  qualities: readonly string[];
  /** What the server says is wrong with the constraint. */
  error: string | undefined;
}

/** What a model must fulfil, in words that the server understands, and what the best has least of. */
export function ConstraintBox({ view, units, points, quality, qualities, error }: ConstraintBoxProps) {
  const [text, setText] = useState(view.where);
  const told = useRef(view.where);
  const box = useRef<HTMLTextAreaElement>(null);
  const tell = useDebouncedCallback((value: string) => {
    told.current = value.trim();
    view.change({ where: value.trim() });
  }, PAUSE_MS);
  // The address may change by itself (back, a shared link); what is being typed is not overwritten by its own echo.
  useEffect(() => {
    if (view.where !== told.current) setText(view.where);
    told.current = view.where;
  }, [view.where]);

  const write = (value: string) => {
    setText(value);
    tell(value);
  };
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [after, setAfter] = useState<number>();
  const offered = after === text.length ? completions(text, units, points) : [];
  // Half of a word is not wrong yet for as long as it may still become a right one.
  const wrong = combobox.dropdownOpened && offered.length > 0 ? undefined : error;
  const fields = ordered(units, view.minimize, quality);
  const whole = text.trim() === "";
  const chips = whole ? examples(units, points, quality) : usual(units, view.minimize, quality).map((field) => suggestion(field, units[field], points)).filter(Boolean);
  return (
    <div className={classes.ask}>
      <div className={classes.question}>
        <Combobox
          store={combobox} position="bottom-start" middlewares={{ flip: false, shift: true }} width="max-content" transitionProps={{ duration: 0 }}
          onOptionSubmit={(value) => {
            write(value);
            setAfter(value.length);
            combobox.resetSelectedOption();
          }}
        >
          <Combobox.Target>
            <Textarea
              ref={box} label="Constraint" description="Fields, numbers with units, and, or, brackets. Empty asks for everything."
              placeholder="accuracy >= 93% and p95_ms@1 <= 2ms" inputWrapperOrder={["label", "input", "error", "description"]}
              value={text} error={wrong && <Sentence text={wrong} />} autosize minRows={1} maxRows={4} spellCheck={false} autoComplete="off" autoCapitalize="off"
              maxLength={500} classNames={{ input: classes.constraint }}
              onChange={({ currentTarget }) => {
                write(currentTarget.value);
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
                tell.flush();
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
        {qualities.length > 1 && (
          <Select
            label="Quality" description="How well a model does." inputWrapperOrder={["label", "input", "error", "description"]}
            data={qualities.map((field) => ({ value: field, label: titleOf(field) }))} value={quality} allowDeselect={false}
            onChange={(quality) => view.change({ quality })}
          />
        )}
        <Select
          label="Minimize" description="The best has least of it." inputWrapperOrder={["label", "input", "error", "description"]}
          data={[...new Set([...fields.filter((field) => units[field] !== "share" && field !== quality), view.minimize])].map((field) => ({ value: field, label: titleOf(field) }))}
          value={view.minimize} allowDeselect={false} searchable maxDropdownHeight={320}
          onChange={(minimize) => view.change({ minimize, cost: null })}
        />
      </div>
      {fields.length > 0 && (
        <div className={classes.chips} role="group" aria-label={whole ? "Examples" : "Add to the constraint"}>
          {chips.map((chip) => (
            <Button
              key={chip} size="compact-xs" variant="default" radius="xl" leftSection={whole ? undefined : <PlusIcon size={11} />}
              aria-label={`${whole ? "Ask for" : "Add"} ${chip}`}
              onClick={() => {
                write(joined(text, chip));
                box.current?.focus();
              }}
            >
              {chip}
            </Button>
          ))}
          {text && (
            <Button size="compact-xs" variant="subtle" radius="xl" onClick={() => write("")}>
              Clear
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
