import { Button, Table } from "@mantine/core";
import { Fragment, memo, useMemo, useState } from "react";
import { Link } from "wouter";

import { count, plural, words } from "../format";
import { BusyMark } from "../ui/BusyMark";
import { Td, Tr } from "../ui/Cells";
import { AlertIcon, CheckIcon, DownloadIcon } from "../ui/icons";
import { orderOf, SortButton } from "../ui/SortButton";
import { busyShare, headOf, scaleOf, type Scale, type Units } from "./fields";
import { turned, sortText, type Row, type Sort } from "./rows";
import classes from "./tradeoffs.module.css";
import type { TradeoffsView } from "./view";

const PAGE = 50;

interface ArtifactTableProps {
  rows: readonly Row[];
  columns: readonly string[];
  units: Units;
  colors: ReadonlyMap<string, string>;
  constrained: boolean;
  sort: Sort;
  change: TradeoffsView["change"];
}

/** Every measured artifact. What another one beats in both accuracy and cost is dim. */
export const ArtifactTable = memo(function ArtifactTable({ rows, columns, units, colors, constrained, sort, change }: ArtifactTableProps) {
  const [shown, setShown] = useState(PAGE);
  const scales = useMemo(() => new Map(columns.map((field) => [field, scaleOf(units[field], rows.flatMap(({ values }) => values[field] ?? []))])), [columns, units, rows]);
  const head = { sort, onSort: (by: string) => change({ sort: sortText(turned(sort, by)) }) };
  return (
    <>
      <Table.ScrollContainer minWidth={640} type="native">
        <Table className={classes.table} highlightOnHover aria-label="Measured artifacts">
          <Table.Thead>
            <Table.Tr>
              <Head by="run" label="Run" {...head} />
              <Head by="stage" label="After stage" {...head} />
              {[...scales].map(([field, scale]) => (
                <Fragment key={field}>
                  <Head by={field} label={headOf(field, scale)} numeric {...head} />
                  {field === "accuracy" && (
                    <>
                      <Table.Th data-numeric title="95 % interval of the accuracy (Wilson), from the size of the test split">95 % interval</Table.Th>
                      <Table.Th data-numeric title="Samples of the test split">n</Table.Th>
                    </>
                  )}
                </Fragment>
              ))}
              <Table.Th>
                <span className="visually-hidden">Download</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.slice(0, shown).map((row) => (
              <ArtifactRow key={row.artifact} row={row} scales={scales} color={colors.get(row.run_id)} constrained={constrained} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {rows.length > shown && (
        <Button variant="default" size="xs" m="sm" onClick={() => setShown(shown + PAGE)}>
          {plural(rows.length - shown, "more row")}
        </Button>
      )}
    </>
  );
});

interface HeadProps {
  by: string;
  label: string;
  numeric?: boolean;
  sort: Sort;
  onSort: (by: string) => void;
}

function Head({ by, label, numeric, sort, onSort }: HeadProps) {
  const on = sort.by === by;
  return (
    <Table.Th data-numeric={numeric || undefined} className={classes.head} aria-sort={orderOf(on, sort.descending) ?? "none"}>
      <SortButton label={label} order={orderOf(on, sort.descending)} onTurn={() => onSort(by)} />
    </Table.Th>
  );
}

interface ArtifactRowProps {
  row: Row;
  scales: ReadonlyMap<string, Scale>;
  color: string | undefined;
  constrained: boolean;
}

const ArtifactRow = memo(function ArtifactRow({ row, scales, color, constrained }: ArtifactRowProps) {
  const href = `/runs/${row.run_id}`;
  return (
    <Tr data-hover data-dim={!row.front || undefined} data-standing={constrained ? row.standing : undefined}>
      <Td className={classes.run}>
        <span className={classes.dot} style={{ backgroundColor: color }} aria-hidden="true" />
        <Link href={href} className={classes.link}>
          {row.run_name}
        </Link>
        <span className={classes.aside}> seed {row.seed}</span>
      </Td>
      <Td>
        <Link href={`${href}#stage-${row.stage}`} className={classes.plainLink}>
          {words(row.label)}
        </Link>
        <span className={classes.aside} title={row.runtime}>
          {" "}
          {words(row.exporter)}
        </span>
        <Standing row={row} constrained={constrained} />
      </Td>
      {[...scales].map(([field, scale]) => (
        <Fragment key={field}>
          <Td data-numeric>
            {scale.write(row.values[field])}
            <Busy field={field} row={row} />
          </Td>
          {field === "accuracy" && (
            <>
              <Td data-numeric>{row.interval ? `${scale.write(row.interval.low)} – ${scale.write(row.interval.high)}` : "unknown"}</Td>
              <Td data-numeric>{count(row.samples)}</Td>
            </>
          )}
        </Fragment>
      ))}
      <Td>
        <a className={classes.download} href={`/api/artifacts/${row.artifact}`} download aria-label={`Download ${row.run_name}, seed ${row.seed}, after ${words(row.label)}`}>
          <DownloadIcon />
        </a>
      </Td>
    </Tr>
  );
});

function Busy({ field, row }: { field: string; row: Row }) {
  const disturbed = busyShare(field, row.values);
  return disturbed === undefined ? null : <div><BusyMark disturbed={disturbed} /></div>;
}

/** The place in the answer by word and icon, and whether anything else is better in both respects. */
function Standing({ row, constrained }: { row: Row; constrained: boolean }) {
  const word = constrained ? { best: "best", meets: "meets it", nearest: "nearest", misses: "" }[row.standing] : "";
  return (
    <>
      {word && (
        <span className={classes.standing} data-kind={row.standing}>
          {row.standing === "nearest" ? <AlertIcon size={12} /> : <CheckIcon size={12} />} {word}
        </span>
      )}
      {row.front && (
        <span className={classes.standing} data-kind="front" title="Nothing measured is better in both accuracy and what is minimized">
          on the front
        </span>
      )}
    </>
  );
}
