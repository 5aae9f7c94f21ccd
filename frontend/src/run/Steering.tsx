import { ActionIcon, Button, Menu, NumberInput, Select, Switch, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useCatalog } from "../api/catalog";
import { type LiveParameterRow, useLiveParameters } from "../api/steering";
import type { RunDetail, StreamEvent } from "../api/types";
import { type Action, useOffer } from "../keys/offers";
import { useSteering } from "../runs/actions";
import { ActionButtons, ActionItems } from "../keys/ActionButtons";
import { title, words } from "../format";
import { ArrowDownIcon, ArrowUpIcon, CheckIcon, CrossIcon, DownloadIcon, PauseIcon, PlayIcon, PlusIcon } from "../ui/icons";
import { made, undoable } from "./commands";
import { moved } from "./route";
import classes from "./run.module.css";
import { Section } from "./Section";
import { Undo } from "./Undo";

type Value = string | number | boolean;

/** What a person can do to a live run. */
export default function Steering({ run, events }: { run: RunDetail; events: StreamEvent[] }) {
  const { ask, isPending } = useSteering();
  const toggle: Action =
    run.state === "paused"
      ? { label: "Resume", icon: PlayIcon, strong: true, press: () => ask(run, "resume") }
      : { label: "Pause", icon: PauseIcon, press: () => ask(run, "pause") };
  const actions: Action[] = [
    toggle,
    { label: "Checkpoint now", icon: DownloadIcon, press: () => ask(run, "checkpoint") },
    { label: "Finish this stage now", icon: CheckIcon, title: "End this training here, measure, and go on", press: () => ask(run, "next") },
  ];
  return (
    <Section title="Steering" aside={<Replay run={run} events={events} />}>
      <div className={classes.wheel}>
        <ActionButtons of="This run" actions={actions} busy={isPending} />
        <StageMenu run={run} now />
      </div>
      <LiveParameters run={run} events={events} />
      <Coming run={run} />
    </Section>
  );
}

function LiveParameters({ run, events }: { run: RunDetail; events: StreamEvent[] }) {
  const { ask } = useSteering();
  const { data: liveParameters = [] } = useLiveParameters(run.id);
  const [path, choose] = useState<string | null>(null);
  const parameter = liveParameters.find((each) => each.path === path) ?? liveParameters.find((each) => each.path.endsWith(".lr")) ?? liveParameters[0];
  const last = undoable(run, events).at(-1);
  if (!parameter) return null;
  return (
    <div className={classes.liveParameters}>
      <Select
        label="Parameter"
        size="xs"
        searchable
        allowDeselect={false}
        data={liveParameters.map((each) => ({ value: each.path, label: each.path }))}
        value={parameter.path}
        onChange={choose}
        className={classes.parameter}
      />
      <ParameterField key={`${parameter.path} ${String(parameter.value)}`} parameter={parameter} set={(value, why) => ask(run, "set", { path: parameter.path, value }, why)} />
      {last && <Undo run={run} one={last} named />}
      <Text size="xs" c="dimmed" className={classes.about}>
        {String(parameter.bounds.description ?? "")}
      </Text>
    </div>
  );
}

/** The field of one live parameter: what its bounds say it is. */
function ParameterField({ parameter, set }: { parameter: LiveParameterRow; set: (value: Value, why: string) => void }) {
  const [value, write] = useState(parameter.value as Value);
  const [why, explain] = useState("");
  const { type, minimum, maximum } = parameter.bounds as { type?: string; minimum?: number; maximum?: number };
  const unit = parameter.bounds["x-unit"];
  const label = unit ? `Value, ${String(unit)}` : "Value";
  return (
    <form
      className={classes.set}
      onSubmit={(event) => {
        event.preventDefault();
        set(value, why);
      }}
    >
      {type === "boolean" ? (
        <Switch label={label} checked={value === true} onChange={(event) => write(event.currentTarget.checked)} />
      ) : type === "string" ? (
        <TextInput label={label} size="xs" value={String(value)} onChange={(event) => write(event.currentTarget.value)} />
      ) : (
        <NumberInput
          label={label}
          size="xs"
          value={value as number}
          min={minimum}
          max={maximum}
          step={Math.abs(Number(value)) / 10 || 0.1}
          allowDecimal={type !== "integer"}
          onChange={write}
          hideControls
        />
      )}
      <TextInput label="Why (optional)" size="xs" maxLength={500} value={why} onChange={(event) => explain(event.currentTarget.value)} />
      <Button size="xs" type="submit" disabled={value === parameter.value || value === ""}>
        Apply
      </Button>
    </form>
  );
}

/** The stages that have not begun: moved, dropped, and others put among them. */
function Coming({ run }: { run: RunDetail }) {
  const { ask } = useSteering();
  const begun = (run.stage ?? 0) + 1;
  const coming = run.spec.stages.slice(begun);
  const send = (stages: unknown[]) => ask(run, "stages", { stages });
  return (
    <div className={classes.coming}>
      <Text size="xs" c="dimmed">
        {coming.length ? "Next stages" : "No stages left"}
      </Text>
      {coming.map((_, index) => {
        const name = words(run.stages[begun + index]?.label ?? "");
        return (
          <span key={index} className={classes.comer}>
            {name}
            <ActionIcon size="xs" variant="subtle" disabled={index === 0} aria-label={`${name} earlier`} onClick={() => send(moved(coming, index, -1))}>
              <ArrowUpIcon size={12} />
            </ActionIcon>
            <ActionIcon size="xs" variant="subtle" disabled={index === coming.length - 1} aria-label={`${name} later`} onClick={() => send(moved(coming, index, 1))}>
              <ArrowDownIcon size={12} />
            </ActionIcon>
            <ActionIcon size="xs" variant="subtle" aria-label={`Leave out ${name}`} onClick={() => send(coming.filter((__, place) => place !== index))}>
              <CrossIcon size={12} />
            </ActionIcon>
          </span>
        );
      })}
      <StageMenu run={run} />
    </div>
  );
}

/** A stage of a kind with its defaults: at the end of what is to come, or next, and this training ends here. */
function StageMenu({ run, now = false }: { run: RunDetail; now?: boolean }) {
  const { ask } = useSteering();
  const { data: catalog } = useCatalog();
  const kinds = (catalog?.entries ?? []).filter(({ family, parameters }) => family === "stages" && !(parameters as { required?: string[] }).required?.length);
  const coming = run.spec.stages.slice((run.stage ?? 0) + 1);
  const put = (kind: string) => {
    ask(run, "stages", { stages: now ? [{ kind }, ...coming] : [...coming, { kind }] });
    if (now) ask(run, "next");
  };
  const actions: Action[] = kinds.map(({ kind, summary }) => ({
    label: now ? `${words(kind)} now` : words(kind),
    description: `${title(kind)} now`,
    title: summary,
    press: () => put(kind),
  }));
  useOffer("This run", now ? actions : NONE);
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button size={now ? "xs" : "compact-xs"} variant="default" leftSection={<PlusIcon size={13} />}>
          {now ? "Insert stage now" : "Add"}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <ActionItems actions={actions} />
      </Menu.Dropdown>
    </Menu>
  );
}

const NONE: Action[] = [];

function Replay({ run, events }: { run: RunDetail; events: StreamEvent[] }) {
  if (!made(events).length) return null;
  return (
    <Button size="compact-xs" variant="default" component="a" href={`/api/runs/${run.id}/replay`} download={`${run.name} replay.yaml`}>
      Export as replayable spec
    </Button>
  );
}
