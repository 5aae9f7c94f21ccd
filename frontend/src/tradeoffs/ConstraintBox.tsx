import { Button, Select } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { memo, useEffect, useMemo, useRef, useState } from "react";

import { Sentence } from "../ui/Sentence";
import type { TradeoffPoint } from "../api/types";
import { PlusIcon } from "../ui/icons";
import type { Named } from "./complete";
import { ConstraintInput } from "./ConstraintInput";
import { examples, joined, ordered, suggestion, titleOf, standard, type Units } from "./fields";
import classes from "./tradeoffs.module.css";
import type { TradeoffsView } from "./view";

const PAUSE_MS = 300;

interface ConstraintBoxProps {
  view: TradeoffsView;
  units: Units;
  points: readonly TradeoffPoint[];
  named: Named;
  /** How well models do: what the answer weighs, and what else was measured. */
  quality: string;
  qualities: readonly string[];
  /** What the server says is wrong with the constraint. */
  error: string | undefined;
}

/** What a model must fulfil, in words that the server understands, and what the best has least of. */
export const ConstraintBox = memo(function ConstraintBox({ view, units, points, named, quality, qualities, error }: ConstraintBoxProps) {
  const [text, setText] = useState(view.where);
  const reported = useRef(view.where);
  const box = useRef<HTMLTextAreaElement>(null);
  const tell = useDebouncedCallback((value: string) => {
    reported.current = value.trim();
    view.change({ where: value.trim() });
  }, PAUSE_MS);
  // The address may change by itself (back, a shared link); what is being typed is not overwritten by its own echo.
  useEffect(() => {
    if (view.where !== reported.current) setText(view.where);
    reported.current = view.where;
  }, [view.where]);

  const write = (value: string) => {
    setText(value);
    tell(value);
  };
  const { minimize } = view;
  const fields = useMemo(() => ordered(units, minimize, quality), [units, minimize, quality]);
  const whole = text.trim() === "";
  const chips = useMemo(
    () => (whole ? examples(units, points, quality) : standard(units, minimize, quality).map((field) => suggestion(field, units[field], points)).filter(Boolean)),
    [whole, units, points, minimize, quality],
  );
  return (
    <div className={classes.ask}>
      <div className={classes.question}>
        <ConstraintInput
          ref={box} description="Bounds on quality and cost. Example: accuracy >= 97% and p95 <= 1 ms" text={text} units={units} points={points} named={named}
          error={error && <Sentence text={error} />} onText={write} onDone={() => tell.flush()}
        />
        {qualities.length > 1 && (
          <Select
            label="Quality" description="Quality metric." inputWrapperOrder={["label", "input", "error", "description"]}
            data={qualities.map((field) => ({ value: field, label: titleOf(field) }))} value={quality} allowDeselect={false}
            onChange={(quality) => view.change({ quality })}
          />
        )}
        <Select
          label="Minimize" description="The measure of which the best model has the least." inputWrapperOrder={["label", "input", "error", "description"]}
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
});
