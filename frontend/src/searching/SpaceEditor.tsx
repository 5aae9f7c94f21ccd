import { Button, Select, Text } from "@mantine/core";

import { useForm, useProblem } from "../form/fields/FormContext";
import form from "../form/form.module.css";
import { isMapping, type Json } from "../form/tree/schema";
import { held, shortNames } from "../study/words";
import { PlusIcon } from "../ui/icons";
import { DimensionCard } from "./DimensionCard";
import classes from "./searching.module.css";
import { type Entry, entryFrom, type Offer, placeFor, spaceOf, written } from "./space";
import { useOffers } from "./useOffers";

/** The fields that are varied: which, within what, and when. */
export default function SpaceEditor({ study }: { study: Json }) {
  const { edit, readOnly } = useForm();
  const problem = useProblem("space");
  const space = spaceOf(study);
  const { offers, error } = useOffers(isMapping(study) ? study["spec"] : undefined, space);
  const add = (offer: Offer) => {
    const value = written(entryFrom(offer));
    const listed = isMapping(study) && Array.isArray(study["space"]);
    edit(listed ? { act: "insert", path: ["space"], index: placeFor(offer.path, space), value } : { act: "set", path: ["space"], value: [value] });
  };
  const free = offers.filter(({ path }) => !space.some(({ field }) => field === path));
  return (
    <div className={form.stages} role="group" aria-label="Space">
      {problem && (
        <Text size="xs" className={form.error}>
          {problem}
        </Text>
      )}
      {space.map((entry, index) => (
        <DimensionCard
          key={`${index} ${entry.field}`} index={index} entry={entry} offer={offers.find(({ path }) => path === entry.field)} before={space.slice(0, index)}
          onChange={(after: Entry) => edit({ act: "set", path: ["space", index], value: written(after) })}
          onRemove={() => edit({ act: "remove", path: ["space"], index })}
        />
      ))}
      {error ? (
        <Text size="sm" className={form.error}>
          The fields of the experiment cannot be listed: {error.message}
        </Text>
      ) : (
        <Add free={free} disabled={readOnly} onAdd={add} />
      )}
    </div>
  );
}

function Add({ free, disabled, onAdd }: { free: readonly Offer[]; disabled: boolean; onAdd: (offer: Offer) => void }) {
  const suggested = free.filter((offer) => offer.suggested);
  const names = shortNames(suggested.map(({ path }) => path));
  const rest = free.filter((offer) => !offer.suggested);
  const option = ({ path }: Offer) => ({ value: path, label: path });
  const groups = [
    { group: "Suggested", items: suggested.map(option) },
    { group: "Every other field", items: rest.map(option) },
  ].filter(({ items }) => items.length > 0);
  return (
    <>
      {suggested.length > 0 && (
        <div className={classes.chips} role="group" aria-label="Suggested fields">
          {suggested.map((offer) => (
            <Button key={offer.path} size="compact-xs" variant="default" radius="xl" leftSection={<PlusIcon size={11} />} disabled={disabled} aria-label={`Vary ${offer.path}`} title={offer.path} onClick={() => onAdd(offer)}>
              {names.get(offer.path)}
            </Button>
          ))}
        </div>
      )}
      <Select
        label="Add a field" placeholder="Search the fields of the experiment" data={groups} value={null} searchable disabled={disabled} maxDropdownHeight={340} nothingFoundMessage="No field is called that"
        renderOption={({ option }) => <About offer={free.find(({ path }) => path === option.value)} />}
        onChange={(path) => {
          const offer = free.find((each) => each.path === path);
          if (offer) onAdd(offer);
        }}
      />
    </>
  );
}

function About({ offer }: { offer: Offer | undefined }) {
  if (!offer) return null;
  const { path, description, when, value } = offer;
  return (
    <div className={classes.option}>
      <Text size="sm" fw={500}>
        {path}
      </Text>
      <Text size="xs" c="dimmed">
        {when ? `Only of ${when.among.map(held).join(", ")}. ` : `Now ${held(value)}. `}
        {description}
      </Text>
    </div>
  );
}
