import { Alert, List, Text } from "@mantine/core";
import type { StreamEvent } from "../api/types";
import { count } from "../format";
import { AlertIcon } from "../ui/icons";

/** The alerts that the run has raised, and what the diagnosis says in plain words, each with its remedy. */
export function Diagnostics({ events }: { events: StreamEvent[] }) {
  return (
    <>
      <Raised events={events} />
      <Findings events={events} />
    </>
  );
}

function Raised({ events }: { events: StreamEvent[] }) {
  const raised = events.filter(({ kind }) => kind === "alert");
  if (raised.length === 0) return null;
  return (
    <Alert color="orange" icon={<AlertIcon />} title={raised.length === 1 ? "Alert" : `${raised.length} alerts`}>
      {raised.map(({ seq, body }) => (
        <Text key={seq} size="sm">
          {String(body.text)}
          {body.then === "tell" ? "" : body.then === "pause" ? ": the run was asked to pause" : ": the run was asked to stop"}{" "}
          <Text span size="xs" c="dimmed">
            step {count(Number(body.step))}
          </Text>
        </Text>
      ))}
    </Alert>
  );
}

function Findings({ events }: { events: StreamEvent[] }) {
  const diagnostics = events.filter(({ kind }) => kind === "diagnostic");
  if (diagnostics.length === 0) return null;
  return (
    <Alert color="orange" variant="light" icon={<AlertIcon />} title={diagnostics.length === 1 ? "The diagnosis" : `The diagnosis: ${diagnostics.length} findings`}>
      <List size="sm" spacing={4} listStyleType={diagnostics.length === 1 ? "none" : undefined}>
        {diagnostics.map(({ seq, body }) => (
          <List.Item key={seq}>
            <Text span size="sm" fw={600}>
              {String(body.text)}
            </Text>{" "}
            {String(body.remedy)}{" "}
            <Text span size="xs" c="dimmed">
              step {count(Number(body.step))}
            </Text>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
