import { ActionIcon, Checkbox, Group, MultiSelect, Paper, SegmentedControl, Select, Switch, TagsInput, Text, Tooltip } from "@mantine/core";

import { idOf, useForm, useProblem } from "../form/fields/FormContext";
import form from "../form/form.module.css";
import type { Json } from "../form/tree/schema";
import { numberFrom, textOf } from "../form/tree/typed";
import { held } from "../study/words";
import { TrashIcon } from "../ui/icons";
import { NumberBox } from "../form/fields/NumberBox";
import classes from "./searching.module.css";
import { choicesOf, type Entry, entryFrom, meant, type Offer } from "./space";

interface DimensionCardProps {
  index: number;
  entry: Entry;
  /** What is known of the field; undefined when the spec has none of this name. */
  offer: Offer | undefined;
  /** The entries that stand before it. */
  before: readonly Entry[];
  onChange: (entry: Entry) => void;
  onRemove: () => void;
}

/** One field of the space. */
export function DimensionCard({ index, entry, offer, before, onChange, onRemove }: DimensionCardProps) {
  const { readOnly } = useForm();
  const problem = useProblem(`space[${index}]`);
  const named = useProblem(`space[${index}].field`);
  const numeric = offer ? offer.dimension.choice == null : !entry.choice;
  const key = `space[${index}]`;
  return (
    <Paper className={classes.card} role="group" aria-label={`Vary ${entry.field}`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <div className={classes.what} id={idOf(`${key}.field`)} tabIndex={-1}>
          <Text size="sm" fw={600} component="div" className={classes.path}>
            {entry.field || "A field without a name"}
          </Text>
          <Text size="xs" c="dimmed" component="div">
            {[offer?.description, offer && `Now ${held(offer.value)}.`].filter(Boolean).join(" ")}
          </Text>
          {(problem || named) && (
            <Text size="xs" className={form.error} component="div">
              {named} {problem}
            </Text>
          )}
        </div>
        <Tooltip label="Do not vary it">
          <ActionIcon variant="subtle" color="gray" aria-label={`Do not vary ${entry.field}`} disabled={readOnly} onClick={onRemove}>
            <TrashIcon size={15} />
          </ActionIcon>
        </Tooltip>
      </Group>
      {numeric && <Kind entry={entry} offer={offer} disabled={readOnly} onChange={onChange} />}
      {!entry.choice ? <Range at={key} entry={entry} unit={offer?.unit} onChange={onChange} /> : numeric ? <Numbers at={key} entry={entry} onChange={onChange} /> : <Choices at={key} entry={entry} offer={offer} onChange={onChange} />}
      <Condition at={key} entry={entry} parents={before.filter(({ choice }) => choice)} onChange={onChange} />
    </Paper>
  );
}

type PartProps = Pick<DimensionCardProps, "entry" | "onChange"> & { at: string };

/** A field that holds a number may be varied within a range, or among a few values. */
function Kind({ entry, offer, disabled, onChange }: Pick<DimensionCardProps, "entry" | "offer" | "onChange"> & { disabled: boolean }) {
  const { field, when } = entry;
  const turn = (to: string) => {
    if (to === "range") onChange({ ...(offer ? entryFrom(offer) : { field, low: 0, high: 1 }), ...(when && { when }) });
    else onChange({ field, choice: [entry.low ?? 0, entry.high ?? 1], ...(when && { when }) });
  };
  return (
    <SegmentedControl
      size="xs" aria-label="How it is varied" className={classes.kind} disabled={disabled} value={entry.choice ? "choice" : "range"} onChange={turn}
      data={[{ value: "range", label: "Range" }, { value: "choice", label: "Values" }]}
    />
  );
}

function Range({ at, entry, unit, onChange }: PartProps & { unit: string | undefined }) {
  const { readOnly } = useForm();
  const box = (name: "low" | "high" | "step" | "points", label: string, about?: string) => (
    <NumberBox
      id={idOf(`${at}.${name}`)} label={label} about={about} unit={name === "points" ? undefined : unit} value={entry[name]} disabled={readOnly} error={useProblem(`${at}.${name}`)}
      onChange={(value) => onChange(without({ ...entry, [name]: value }))}
    />
  );
  return (
    <div className={classes.ends}>
      {box("low", "Low")}
      {box("high", "High")}
      {box("step", "Step", "Any value in between when empty.")}
      {box("points", "Points", "How many a grid takes.")}
      <Switch
        label="By ratio" description="As for a learning rate: 0.001 to 0.01 counts as much as 0.01 to 0.1." checked={entry.log === true} disabled={readOnly} className={classes.wide}
        onChange={({ currentTarget }) => onChange({ ...entry, log: currentTarget.checked })}
      />
    </div>
  );
}

const without = (entry: Entry): Entry => Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as unknown as Entry;

function Numbers({ at, entry, onChange }: PartProps) {
  const { readOnly } = useForm();
  return (
    <TagsInput
      id={idOf(`${at}.choice`)} label="Values" description="Each with Enter or a comma." splitChars={[",", " ", ";"]} acceptValueOnBlur disabled={readOnly} error={useProblem(`${at}.choice`)}
      value={(entry.choice ?? []).map(textOf)} onChange={(tags) => onChange({ ...entry, choice: tags.map((tag) => numberFrom(tag) ?? tag) })}
    />
  );
}

function Choices({ at, entry, offer, onChange }: PartProps & { offer: Offer | undefined }) {
  const { readOnly } = useForm();
  const problem = useProblem(`${at}.choice`);
  const all = choicesOf(entry, (offer?.dimension.choice ?? []) as Json[]);
  const chosen = new Set(entry.choice);
  const put = (choice: Json[]) => onChange({ ...entry, choice });
  return (
    <fieldset className={classes.choices} id={idOf(`${at}.choice`)} tabIndex={-1}>
      <legend className="visually-hidden">Values of {entry.field}</legend>
      <div className={classes.checks}>
        {all.map((value) => (
          <Checkbox
            key={JSON.stringify(value)} size="xs" label={held(value)} checked={chosen.has(value)} disabled={readOnly || (chosen.size === 1 && chosen.has(value))}
            onChange={({ currentTarget }) => put(all.filter((other) => (other === value ? currentTarget.checked : chosen.has(other))))}
          />
        ))}
      </div>
      {problem && (
        <Text size="xs" className={form.error}>
          {problem}
        </Text>
      )}
    </fieldset>
  );
}

const ALWAYS = "";

/** Vary it only where another field holds certain values. */
function Condition({ at, entry, parents, onChange }: PartProps & { parents: readonly Entry[] }) {
  const { readOnly } = useForm();
  const field = useProblem(`${at}.when.field`);
  const among = useProblem(`${at}.when.among`);
  const { when, ...rest } = entry;
  if (parents.length === 0 && !when) return null;
  const parent = parents.find((one) => one.field === when?.field);
  const options = (parent?.choice ?? when?.among ?? []).map(meant);
  const name = (value: Json) => held(value);
  const choose = (path: string | null) => onChange(path ? { ...rest, when: { field: path, among: (parents.find((one) => one.field === path)?.choice ?? []).slice(0, 1).map(meant) } } : rest);
  return (
    <div className={classes.when}>
      <Select
        id={idOf(`${at}.when.field`)} size="xs" label="Vary it" allowDeselect={false} disabled={readOnly} error={field} value={when?.field ?? ALWAYS} onChange={choose}
        data={[{ value: ALWAYS, label: "always" }, ...[...new Set([...parents.map((one) => one.field), ...(when ? [when.field] : [])])].map((path) => ({ value: path, label: `only with ${path}` }))]}
      />
      {when && (
        <MultiSelect
          id={idOf(`${at}.when.among`)} size="xs" label="among" disabled={readOnly} error={among} data={options.map(name)} value={when.among.map(name)}
          onChange={(names) => onChange({ ...rest, when: { ...when, among: options.filter((value) => names.includes(name(value))) } })}
        />
      )}
    </div>
  );
}
