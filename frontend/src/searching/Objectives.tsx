import { ActionIcon, Button, Select, Text, Tooltip } from "@mantine/core";

import { idOf, useForm, useProblem } from "../form/fields/FormContext";
import form from "../form/form.module.css";
import { isMapping, type Json, type Mapping } from "../form/tree/schema";
import { LIVE, measureTitle } from "../study/words";
import { PlusIcon, TrashIcon } from "../ui/icons";
import classes from "./searching.module.css";

const MOST = 4;
const ITSELF = "";

/** What is to be as good as possible. */
export default function Objectives({ study }: { study: Json }) {
  const { edit, forms, readOnly } = useForm();
  const problem = useProblem("objectives");
  const goals = (isMapping(study) && Array.isArray(study["objectives"]) ? study["objectives"] : []).map((goal) => (isMapping(goal) ? goal : {}));
  const known = (forms.outline.properties?.["objectives"]?.items?.properties?.["measure"]?.examples ?? []).map(String);
  const next = known.find((measure) => !goals.some((goal) => goal["measure"] === measure) && !measure.startsWith(LIVE)) ?? known[0];
  const put = (all: Mapping[]) => edit({ act: "set", path: ["objectives"], value: all });
  return (
    <div className={form.stages} role="group" aria-label="Objectives">
      {goals.map((goal, index) => (
        <Goal key={index} index={index} goal={goal} known={known} alone={goals.length === 1} onChange={(after) => edit({ act: "set", path: ["objectives", index], value: after })} onRemove={() => put(goals.filter((_, place) => place !== index))} />
      ))}
      {problem && (
        <Text size="xs" className={form.error}>
          {problem}
        </Text>
      )}
      <Button variant="default" size="xs" leftSection={<PlusIcon size={14} />} disabled={readOnly || goals.length >= MOST || !next} onClick={() => put([...goals, { measure: next! }])}>
        Add an objective
      </Button>
    </div>
  );
}

interface GoalProps {
  index: number;
  goal: Mapping;
  known: string[];
  alone: boolean;
  onChange: (goal: Mapping) => void;
  onRemove: () => void;
}

function Goal({ index, goal, known, alone, onChange, onRemove }: GoalProps) {
  const { readOnly } = useForm();
  const at = `objectives[${index}]`;
  const problem = useProblem(`${at}.measure`);
  const measure = String(goal["measure"] ?? "");
  const { direction, of, ...rest } = goal;
  const all = [...new Set([...known, ...(measure ? [measure] : [])])];
  const named = (names: string[]) => names.map((name) => ({ value: name, label: measureTitle(name) }));
  return (
    <div className={classes.goal} role="group" aria-label={`Objective ${index + 1}`}>
      <Select
        id={idOf(`${at}.measure`)} label="Measure" searchable allowDeselect={false} maxDropdownHeight={340} disabled={readOnly} error={problem} value={measure || null}
        data={[{ group: "While it trains", items: named(all.filter((name) => name.startsWith(LIVE))) }, { group: "Measured at the end", items: named(all.filter((name) => !name.startsWith(LIVE))) }]}
        onChange={(chosen) => chosen && onChange({ ...rest, measure: chosen, ...(direction ? { direction } : {}), ...(of && chosen.startsWith(LIVE) ? { of } : {}) })}
      />
      <Select
        id={idOf(`${at}.direction`)} label="Direction" allowDeselect={false} disabled={readOnly} value={typeof direction === "string" ? direction : ITSELF}
        data={[{ value: ITSELF, label: "what is better" }, "minimize", "maximize"]} onChange={(chosen) => onChange({ ...rest, ...(of ? { of } : {}), ...(chosen ? { direction: chosen } : {}) })}
      />
      <Select
        id={idOf(`${at}.of`)} label="Which value" allowDeselect={false} disabled={readOnly || !measure.startsWith(LIVE)} value={of === "best" ? "best" : "last"}
        data={[{ value: "last", label: "the last" }, { value: "best", label: "the best" }]} onChange={(chosen) => onChange({ ...rest, ...(direction ? { direction } : {}), ...(chosen === "best" ? { of: "best" } : {}) })}
      />
      <Tooltip label="Leave it out">
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Leave out objective ${index + 1}`} disabled={readOnly || alone} onClick={onRemove}>
          <TrashIcon size={15} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
