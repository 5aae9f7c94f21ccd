import { ActionIcon, Button, Group, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Link } from "wouter";

import { useDeleteUpload } from "../api/uploads";
import type { UploadRow } from "../api/types";
import { bytes, count } from "../format";
import { Ago } from "../ui/Ago";
import { TrashIcon } from "../ui/icons";
import classes from "./data.module.css";

interface UploadListProps {
  rows: readonly UploadRow[];
  shown: string | undefined;
  onShow: (id: string | undefined) => void;
}

/** One's own files; the chosen one is described below. */
export function UploadList({ rows, shown, onShow }: UploadListProps) {
  return (
    <Table.ScrollContainer minWidth={560} type="native">
      <Table className={classes.table} highlightOnHover aria-label="Your files">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th className={classes.number}>Rows</Table.Th>
            <Table.Th>Holds</Table.Th>
            <Table.Th className={classes.number}>Size</Table.Th>
            <Table.Th>Sent</Table.Th>
            <Table.Th>
              <span className="visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} open={row.id === shown} onShow={onShow} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ row, open, onShow }: { row: UploadRow; open: boolean; onShow: (id: string | undefined) => void }) {
  const remove = useDeleteUpload();
  const destroy = () =>
    remove.mutate(row.id, {
      onError: (error) => notifications.show({ color: "red", title: `“${row.name}” is still there`, message: error.message }),
    });
  return (
    <Table.Tr data-open={open || undefined}>
      <Table.Th scope="row">
        <Button variant="subtle" size="compact-sm" aria-expanded={open} onClick={() => onShow(open ? undefined : row.id)}>
          <Text span size="sm" truncate maw={320}>
            {row.name}
          </Text>
        </Button>
      </Table.Th>
      <Table.Td className={classes.number}>{count(row.rows)}</Table.Td>
      <Table.Td>{holds(row)}</Table.Td>
      <Table.Td className={classes.number}>{bytes(row.bytes)}</Table.Td>
      <Table.Td>
        <Ago at={row.created_at} />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button component={Link} href={`/new?upload=${encodeURIComponent(row.id)}`} size="compact-sm" variant="default">
            Use in an experiment
          </Button>
          <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${row.name}`} loading={remove.isPending} onClick={destroy}>
            <TrashIcon />
          </ActionIcon>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function holds({ kind, shape, columns }: UploadRow): string {
  if (kind === "text") return "text";
  if (kind === "table" || !shape) return `${count(columns)} columns`;
  return shape.length === 3 ? `images ${shape[1]} × ${shape[2]}, ${shape[0] === 1 ? "grey" : `${shape[0]} channels`}` : `${count(shape[0])} features`;
}
