import { Checkbox, Table } from "@mantine/core";
import { Link } from "wouter";
import type { RunRow } from "../api/types";
import { orderOf, SortButton } from "../ui/SortButton";
import { about, COLUMNS, type Column } from "./columns";
import { RowMenu } from "./RowMenu";
import classes from "./runs.module.css";
import type { RunsView } from "./view";

export interface RunListProps {
  runs: RunRow[];
  view: RunsView;
  /** The runs that the charts show. */
  drawn: ReadonlySet<string>;
  hovered: string | null;
  onHover: (run: string | null) => void;
}

export const toggled = (selected: string[], id: string): string[] =>
  selected.includes(id) ? selected.filter((other) => other !== id) : [...selected, id];

export function RunsTable({ runs, view, drawn, hovered, onHover }: RunListProps) {
  const columns = COLUMNS.filter(({ id }) => !view.hidden.includes(id));
  return (
    <Table.ScrollContainer minWidth={640} type="native">
      <Table className={classes.table} stickyHeader={false}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th className={classes.pick}>
              <span className="visually-hidden">In the charts</span>
            </Table.Th>
            <Heading column={{ id: "name", label: "Run", sort: "name" }} view={view} />
            {columns.map((column) => (
              <Heading key={column.id} column={column} view={view} />
            ))}
            <Table.Th className={classes.more}>
              <span className="visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody onMouseLeave={() => onHover(null)}>
          {runs.map((run) => (
            <Table.Tr
              key={run.id}
              data-row
              className={classes.row}
              data-hovered={hovered === run.id || undefined}
              onMouseEnter={() => onHover(run.id)}
            >
              <Table.Td className={classes.pick}>
                <Pick run={run} view={view} drawn={drawn} />
              </Table.Td>
              <Table.Td className={classes.name}>
                <Link href={`/runs/${run.id}`} className={classes.link} title={run.name}>
                  {run.name}
                </Link>
                <div className={classes.sub} title={run.error ?? about(run)}>
                  {about(run)}
                </div>
              </Table.Td>
              {columns.map((column) => (
                <Table.Td key={column.id} data-numeric={column.numeric || undefined} className={classes.cell}>
                  {column.render(run)}
                </Table.Td>
              ))}
              <Table.Td className={classes.more}>
                <RowMenu run={run} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The run's colour, and whether it was chosen for the charts. */
export function Pick({ run, view, drawn }: Pick<RunListProps, "view" | "drawn"> & { run: RunRow }) {
  return (
    <Checkbox
      size="xs"
      color={run.color}
      checked={view.selected.includes(run.id)}
      indeterminate={drawn.has(run.id) && !view.selected.includes(run.id)}
      icon={({ className, indeterminate }) =>
        indeterminate ? (
          <span className={`${className} ${classes.dot}`} />
        ) : (
          <svg className={className} viewBox="0 0 10 8" fill="none" stroke="currentColor" strokeWidth={2} aria-hidden="true">
            <path d="M1 4 4 7 9 1" />
          </svg>
        )
      }
      onChange={() => view.change({ runs: toggled(view.selected, run.id) })}
      aria-label={`Show ${run.name} in the charts`}
    />
  );
}

function Heading({ column, view }: { column: Omit<Column, "render">; view: RunsView }) {
  const { sort, descending } = view.filter;
  const own = column.sort !== undefined && column.sort === sort;
  const order = orderOf(own, descending);
  const turn = () => view.change({ sort: column.sort, order: own && descending ? "up" : null });
  return (
    <Table.Th data-numeric={column.numeric || undefined} className={classes.cell} aria-sort={order}>
      {column.sort ? (
        <SortButton label={column.label} order={order} onTurn={turn} />
      ) : (
        column.label
      )}
    </Table.Th>
  );
}
