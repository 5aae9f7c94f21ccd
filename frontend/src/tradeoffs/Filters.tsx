import { ActionIcon, Checkbox, Menu, MultiSelect, Select, Tooltip } from "@mantine/core";
import { memo, useMemo } from "react";

import type { Tradeoffs } from "../api/types";
import { ColumnsIcon, DownloadIcon } from "../ui/icons";
import { save } from "../charts/export";
import { words } from "../format";
import { ordered, titleOf, type Units } from "./fields";
import type { KnownRun } from "./queries";
import { csvOf, type Row } from "./rows";
import classes from "./tradeoffs.module.css";
import type { TradeoffsView } from "./view";

interface FiltersProps {
  view: TradeoffsView;
  known: readonly KnownRun[];
  answer: Tradeoffs;
}

/** What models are compared on, and which of them: some runs, models, file formats or devices. */
export function Filters({ view, known, answer }: FiltersProps) {
  const { change } = view;
  const runs = useMemo(() => known.map(({ id, name, seed }) => ({ value: id, label: `${name}, seed ${seed}` })), [known]);
  const named = answer.formats.join();
  const formats = useMemo(() => named.split(",").filter(Boolean).map((value) => ({ value, label: words(value) })), [named]);
  const { devices, machines } = answer;
  return (
    <div className={classes.filters} role="group" aria-label="Filters">
      <Select
        size="xs" aria-label="Data set" data={[...answer.datasets.map(({ key, title }) => ({ value: key, label: title })), ...anyOf("data sets", answer.datasets)]} value={answer.dataset || null}
        placeholder="No data set yet" allowDeselect={false} searchable className={classes.filter}
        onChange={(dataset) => change({ dataset, where: null, quality: null, machine: null, runs: null, model: null, format: null, device: null })}
      />
      {machines.length > 1 && (
        <Select
          size="xs" aria-label="Machine" data={[...machines, ...anyOf("machines", machines)]} value={answer.machine || null} allowDeselect={false} searchable
          className={classes.filter} onChange={(machine) => change({ machine })}
        />
      )}
      <Filter label="Runs" name="runs" data={runs} value={view.runs} change={change} />
      <Filter label="Models" name="model" data={answer.models} value={view.models} change={change} />
      <Filter label="Formats" name="format" data={formats} value={view.formats} change={change} />
      {devices.length + view.devices.length > 1 && <Filter label="Devices" name="device" data={devices} value={view.devices} change={change} />}
    </div>
  );
}

/** The choice of all of them, where there are several. */
const anyOf = (all: string, known: readonly unknown[]) => (known.length > 1 ? [{ value: "any", label: `All ${all}` }] : []);

interface FilterProps {
  label: string;
  /** What it is called in the address. */
  name: string;
  data: (string | { value: string; label: string })[];
  value: string[];
  change: TradeoffsView["change"];
}

const Filter = memo(function Filter({ label, name, data, value, change }: FilterProps) {
  return (
    <MultiSelect
      size="xs" aria-label={label} placeholder={value.length > 0 ? undefined : `All ${label.toLowerCase()}`} data={data} value={value}
      clearable searchable limit={100} maxDropdownHeight={320} className={classes.filter} onChange={(chosen) => change({ [name]: chosen })}
    />
  );
});

interface ToolsProps {
  minimize: string;
  change: TradeoffsView["change"];
  /** The columns that are shown. */
  shown: readonly string[];
  units: Units;
  answer: Tradeoffs;
  rows: readonly Row[];
}

/** Which columns, and the table as a file. */
export const Tools = memo(function Tools({ minimize, change, shown, units, answer, rows }: ToolsProps) {
  const toggle = (field: string) => {
    const columns = shown.includes(field) ? shown.filter((name) => name !== field) : [...shown, field];
    change({ columns: columns.length > 0 ? columns : null });
  };
  return (
    <div className={classes.tools}>
      <Menu position="bottom-end" closeOnItemClick={false} withinPortal>
        <Menu.Target>
          <Tooltip label="Columns">
            <ActionIcon variant="default" size={30} aria-label="Choose columns">
              <ColumnsIcon />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown mah={380} className={classes.menu}>
          {ordered(units, minimize, answer.quality).map((field) => (
            <Menu.Item key={field} component="div" p={0}>
              <Checkbox size="xs" p="xs" label={titleOf(field)} checked={shown.includes(field)} onChange={() => toggle(field)} />
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Tooltip label="Download the table">
            <ActionIcon variant="default" size={30} aria-label="Download the table">
              <DownloadIcon />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => save(csvOf(rows, units, answer.dataset), "trade-offs.csv", "text/csv")}>CSV</Menu.Item>
          <Menu.Item onClick={() => save(JSON.stringify({ dataset: answer.dataset, rows }, null, 2), "trade-offs.json", "application/json")}>JSON</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
});
