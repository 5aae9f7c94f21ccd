import { Badge, Button, Group, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { Link } from "wouter";

import { useUpload } from "../api/uploads";
import type { UploadDetail } from "../api/types";
import { count, number, plural } from "../format";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import classes from "./data.module.css";
import { classesOf, filesOf, splitOf, targetOf, typeOf } from "./describe";

type Facts = UploadDetail["facts"];
type Column = Facts["columns"][number];

const COLUMNS = 30;

/** What was found in a file: its columns, its first rows or pictures. */
export function Description({ id }: { id: string }) {
  const upload = useUpload(id);
  if (upload.data) return <Described upload={upload.data} />;
  if (upload.error) return <Failure what="The description" error={upload.error} retry={() => void upload.refetch()} />;
  return <Loading what="the description" height={120} />;
}

function Described({ upload }: { upload: UploadDetail }) {
  const { facts } = upload;
  return (
    <section className={classes.stack} aria-label={`Description of ${upload.name}`}>
      <Group justify="space-between">
        <Title order={3}>{upload.name}</Title>
        <Button component={Link} href={`/new?upload=${encodeURIComponent(upload.id)}`} size="xs">
          Use “{upload.name.slice(0, 40)}” in an experiment
        </Button>
      </Group>
      <Text size="sm">{sentence(facts)}</Text>
      {facts.kind !== "text" && <Columns facts={facts} />}
      {(facts.preview ?? []).length > 0 && <Preview facts={facts} />}
      {(facts.pictures ?? []).length > 0 && <Pictures facts={facts} />}
    </section>
  );
}

function sentence(facts: Facts): string {
  const { inputs, rows, left_out } = facts;
  const parts = facts.kind === "text" ? [plural(rows, "character"), `${count(facts.characters ?? 0)} different ones`] : [plural(rows, "row")];
  if (inputs) parts.push(`inputs [${inputs.shape.join(", ")}] of ${inputs.dtype}, from ${number(inputs.least)} to ${number(inputs.greatest)}${range(inputs)}`);
  if (facts.separator) parts.push(`cells parted by ${SEPARATORS[facts.separator] ?? facts.separator}`, facts.header ? "the first line names the columns" : "no header");
  parts.push(...filesOf(facts));
  if (left_out) parts.push(`${facts.files ? plural(left_out, "file") + " that cannot be read" : plural(left_out, "line") + " with missing values"} left out`);
  if (facts.own_split) parts.push(splitOf(facts.own_split));
  return `${parts.join("; ")}.`;
}

function range({ black, white }: NonNullable<Facts["inputs"]>): string {
  return black == null || white == null ? "" : ` (black is ${number(black)}, white is ${number(white)})`;
}

const SEPARATORS: Record<string, string> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" };

function Columns({ facts }: { facts: Facts }) {
  const [shown, setShown] = useState(COLUMNS);
  const target = targetOf(facts);
  return (
    <>
      <Table.ScrollContainer minWidth={560} type="native">
        <Table className={classes.table} aria-label="Columns">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Column</Table.Th>
              <Table.Th>Type</Table.Th>
              <Table.Th className={classes.number}>Least</Table.Th>
              <Table.Th className={classes.number}>Mean</Table.Th>
              <Table.Th className={classes.number}>Greatest</Table.Th>
              <Table.Th className={classes.number}>Missing</Table.Th>
              <Table.Th>Different values</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {facts.columns.slice(0, shown).map((column) => (
              <ColumnRow key={column.name} column={column} target={target.includes(column.name)} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {facts.columns.length > shown && (
        <Button variant="default" size="xs" onClick={() => setShown(shown + 10 * COLUMNS)}>
          {plural(facts.columns.length - shown, "more column")}
        </Button>
      )}
    </>
  );
}

function ColumnRow({ column, target }: { column: Column; target: boolean }) {
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {column.name}{" "}
        {target && (
          <Badge size="xs" variant="light">
            target
          </Badge>
        )}
      </Table.Th>
      <Table.Td>{typeOf(column)}</Table.Td>
      <Table.Td className={classes.number}>{number(column.least)}</Table.Td>
      <Table.Td className={classes.number}>{number(column.mean)}</Table.Td>
      <Table.Td className={classes.number}>{number(column.greatest)}</Table.Td>
      <Table.Td className={classes.number}>{count(column.empty ?? 0)}</Table.Td>
      <Table.Td>{classesOf(column)}</Table.Td>
    </Table.Tr>
  );
}

function Preview({ facts }: { facts: Facts }) {
  const rows = facts.preview ?? [];
  return (
    <Table.ScrollContainer minWidth={400} type="native">
      <Table className={classes.table} aria-label="First rows" captionSide="top">
        <Table.Caption>The first rows</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {facts.columns.slice(0, rows[0]?.length ?? 0).map(({ name }) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((cells, index) => (
            <Table.Tr key={index}>
              {cells.map((cell, place) => (
                <Table.Td key={place}>{cell.slice(0, 80)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Pictures({ facts }: { facts: Facts }) {
  return (
    <ul className={classes.pictures} aria-label="First images">
      {(facts.pictures ?? []).map(({ label, png }, index) => (
        <li key={index}>
          <img src={`data:image/png;base64,${png}`} alt={`Image ${index + 1}, ${label}`} />
          <Text size="xs" c="dimmed">
            {label}
          </Text>
        </li>
      ))}
    </ul>
  );
}
