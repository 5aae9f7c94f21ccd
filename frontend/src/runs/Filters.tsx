import { ActionIcon, Checkbox, Menu, TextInput, Tooltip, UnstyledButton } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { Suspense, useEffect, useState } from "react";
import type { RunPage, RunState } from "../api/types";
import { count } from "../format";
import { ColumnsIcon, SearchIcon } from "../ui/icons";
import { STATES } from "../api/states";
import { COLUMNS } from "./columns";
import classes from "./runs.module.css";
import { toggled } from "./RunsTable";
import type { RunsView } from "./view";
import { later } from "../ui/later";

const TrialsFilter = later("The filter", () => import("./TrialsFilter"));

interface FiltersProps {
  view: RunsView;
  counts: RunPage["counts"] | undefined;
}

export function Filters({ view, counts }: FiltersProps) {
  return (
    <div className={classes.filters}>
      <StateFilter view={view} counts={counts} />
      <div className={classes.find}>
        <Suspense>
          <TrialsFilter view={view} />
        </Suspense>
        <Search view={view} />
        <ColumnChooser view={view} />
      </div>
    </div>
  );
}

function StateFilter({ view, counts }: FiltersProps) {
  const chosen = view.filter.state ?? [];
  const present = STATES.filter((state) => counts?.[state] || chosen.includes(state));
  const all = STATES.reduce((sum, state) => sum + (counts?.[state] ?? 0), 0);
  return (
    <div role="group" aria-label="Filter by state" className={classes.chips}>
      <Chip label="All" n={all} on={chosen.length === 0} onClick={() => view.change({ state: null })} />
      {present.map((state) => (
        <Chip
          key={state}
          label={state}
          n={counts?.[state] ?? 0}
          on={chosen.includes(state)}
          onClick={() => view.change({ state: toggled(chosen, state) as RunState[] })}
        />
      ))}
    </div>
  );
}

function Chip({ label, n, on, onClick }: { label: string; n: number; on: boolean; onClick: () => void }) {
  return (
    <UnstyledButton className={classes.chip} aria-pressed={on} onClick={onClick}>
      {label} <span className={classes.chipCount}>{count(n)}</span>
    </UnstyledButton>
  );
}

function Search({ view }: { view: RunsView }) {
  const [text, setText] = useState(view.filter.search ?? "");
  const cleared = !view.filter.search;
  useEffect(() => {
    if (cleared) setText("");
  }, [cleared]);
  const search = useDebouncedCallback((value: string) => view.change({ search: value.trim() }), 200);
  return (
    <TextInput
      size="xs"
      className={classes.search}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        search(currentTarget.value);
      }}
      placeholder="Search by name  ( / )"
      aria-label="Search runs by name"
      type="search"
      leftSection={<SearchIcon size={14} />}
    />
  );
}

function ColumnChooser({ view }: { view: RunsView }) {
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Tooltip label="Columns">
          <ActionIcon variant="default" size={30} aria-label="Choose columns" visibleFrom="sm">
            <ColumnsIcon />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Columns</Menu.Label>
        {COLUMNS.map(({ id, label }) => (
          <Menu.Item key={id} component="div" p={0}>
            <Checkbox
              size="xs"
              p="xs"
              label={label}
              checked={!view.hidden.includes(id)}
              onChange={() => view.change({ hide: toggled(view.hidden, id) })}
            />
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
