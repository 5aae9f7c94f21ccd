import { ActionIcon, Button, Table, Text } from "@mantine/core";
import { Link } from "wouter";
import type { RunDetail } from "../api/types";
import { bytes, count, words } from "../format";
import { Ago } from "../ui/Ago";
import { DownloadIcon } from "../ui/icons";
import classes from "./run.module.css";

/** A package is made of a model file. */
const packed = (kind: string) => kind !== "checkpoint" && kind !== "golden";

/** The files that the run left. */
export function Artifacts({ run }: { run: RunDetail }) {
  if (run.artifacts.length === 0)
    return (
      <Text size="sm" c="dimmed" ta="center" p="md">
        No file yet: each finished stage leaves its model here.
      </Text>
    );
  return (
    <Table.ScrollContainer minWidth={420} type="native">
      <Table className={classes.files}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>File</Table.Th>
            <Table.Th>Stage</Table.Th>
            <Table.Th data-numeric>Step</Table.Th>
            <Table.Th data-numeric>Size</Table.Th>
            <Table.Th data-numeric>Written</Table.Th>
            <Table.Th>
              <span className="visually-hidden">Fork or download</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {run.artifacts.map((artifact) => (
            <Table.Tr key={artifact.id}>
              <Table.Td title={`SHA-256 ${artifact.sha256}`}>{words(artifact.kind)}</Table.Td>
              <Table.Td>{words(run.stages[artifact.stage]?.label ?? String(artifact.stage))}</Table.Td>
              <Table.Td data-numeric>{count(artifact.step)}</Table.Td>
              <Table.Td data-numeric>{bytes(artifact.bytes)}</Table.Td>
              <Table.Td data-numeric>
                <Ago at={artifact.created_at} />
              </Table.Td>
              <Table.Td data-numeric>
                {artifact.kind === "checkpoint" && (
                  <Button
                    size="compact-xs" variant="default" component={Link} href={`/new?fork=${run.id}&checkpoint=${artifact.id}`}
                    aria-label={`Fork from step ${artifact.step} of stage ${artifact.stage}`}
                  >
                    Fork
                  </Button>
                )}
                {packed(artifact.kind) && (
                  <Button
                    size="compact-xs" variant="default" component="a" href={`/api/artifacts/${artifact.id}/package`} download
                    aria-label={`Package of ${words(artifact.kind)} of stage ${artifact.stage}`}
                  >
                    Package
                  </Button>
                )}
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  component="a"
                  href={`/api/artifacts/${artifact.id}`}
                  download
                  aria-label={`Download ${words(artifact.kind)} of stage ${artifact.stage}`}
                >
                  <DownloadIcon />
                </ActionIcon>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
