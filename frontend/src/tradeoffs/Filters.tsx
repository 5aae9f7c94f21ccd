import { ActionIcon, Checkbox, Menu, MultiSelect, Tooltip } from "@mantine/core";

import type { Tradeoffs } from "../api/types";
import { ColumnsIcon, DownloadIcon } from "../ui/icons";
import { save } from "../charts/export";
import { words } from "../format";
import { ordered, titleOf, usual, type Units } from "./fields";
import { distinct } from "./filter";
import type { KnownRun } from "./queries";
import { csvOf, type Row } from "./rows";
import classes from "./tradeoffs.module.css";
import type { TradeoffsView } from "./view";

interface FiltersProps {
  view: TradeoffsView;
  known: readonly KnownRun[];
  answer: Tradeoffs;
}

/** Narrows the answer to some runs, data, models, file formats or devices. */
export function Filters({ view, known, answer }: FiltersProps) {
  const { change } = view;
  const runs = known.map(({ id, name, seed }) => ({ value: id, label: `${name}, seed ${seed}` }));
  const { formats, devices } = answer;
  return (
    <div className={classes.filters} role="group" aria-label="Filters">
      <Filter label="Runs" data={runs} value={view.runs} onChange={(runs) => change({ runs })} />
      <Filter label="Datasets" data={distinct(known, ({ dataset }) => dataset)} value={view.datasets} onChange={(dataset) => change({ dataset })} />
      <Filter label="Models" data={distinct(known, ({ model }) => model)} value={view.models} onChange={(model) => change({ model })} />
      <Filter label="Formats" data={formats.map((value) => ({ value, label: words(value) }))} value={view.formats} onChange={(format) => change({ format })} />
      {devices.length + view.devices.length > 1 && <Filter label="Devices" data={devices} value={view.devices} onChange={(device) => change({ device })} />}
    </div>
  );
}

interface FilterProps {
  label: string;
  data: (string | { value: string; label: string })[];
  value: string[];
  onChange: (value: string[]) => void;
}

function Filter({ label, data, value, onChange }: FilterProps) {
  return (
    <MultiSelect
      size="xs" aria-label={label} placeholder={value.length > 0 ? undefined : `All ${label.toLowerCase()}`} data={data} value={value}
      clearable searchable limit={100} maxDropdownHeight={320} className={classes.filter} onChange={onChange}
    />
  );
}

interface ToolsProps {
  view: TradeoffsView;
  units: Units;
  quality: string;
  rows: readonly Row[];
}

/** Which columns, and the table as a file. */
export function Tools({ view, units, quality, rows }: ToolsProps) {
  const shown = view.columns.length > 0 ? view.columns : usual(units, view.minimize, quality);
  const toggle = (field: string) => {
    const columns = shown.includes(field) ? shown.filter((name) => name !== field) : [...shown, field];
    view.change({ columns: columns.length > 0 ? columns : null });
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
          {ordered(units, view.minimize, quality).map((field) => (
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
          <Menu.Item onClick={() => save(csvOf(rows, units), "trade-offs.csv", "text/csv")}>CSV</Menu.Item>
          <Menu.Item onClick={() => save(JSON.stringify(rows, null, 2), "trade-offs.json", "application/json")}>JSON</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
