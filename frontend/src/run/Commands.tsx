import { Button, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAskCounterfactual } from "../api/counterfactuals";
import type { RunDetail, RunRow, StreamEvent } from "../api/types";
import { count } from "../format";
import { StateBadge } from "../ui/StateBadge";
import { isTerminal } from "../api/states";
import { type MadeCommand, judged, made, type ParameterChange, undoable } from "./commands";
import classes from "./run.module.css";
import { Section } from "./Section";
import { Undo } from "./Undo";

/** What was changed in the run, each with the run that shows what would have been without it. */
export default function Commands({ run, events, counterfactuals }: { run: RunDetail; events: StreamEvent[]; counterfactuals: RunRow[] }) {
  const { mutate, isPending } = useAskCounterfactual(run.id);
  const ask = (seq: number) => mutate(seq, { onError: (error) => notifications.show({ color: "red", title: "No counterfactual run", message: error.message }) });
  const changed = undoable(run, events);
  return (
    <Section
      title="Commands"
      aside={
        <Text size="xs" c="dimmed">
          A counterfactual run leaves one of them out. It starts after all other runs; its curves are dotted.
        </Text>
      }
    >
      <Table.ScrollContainer minWidth={520} type="native">
        <Table className={classes.files}>
          <Table.Tbody>
            {made(events).map((one) => (
              <Row key={one.seq} run={run} one={one} changed={changed.find(({ seq }) => seq === one.seq)}>
                <Counterfactual run={run} counterfactual={counterfactuals.findLast(({ counterfactual_seq }) => counterfactual_seq === one.seq)} one={one} pending={isPending} ask={ask} />
              </Row>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}

/** What was done, by whom and why, and what shows the run without it; `changed` when that can be undone. */
function Row({ run, one, changed, children }: { run: RunDetail; one: MadeCommand; changed: ParameterChange | undefined; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Td data-numeric>step {count(one.step)}</Table.Td>
      <Table.Td>
        {one.text}
        {changed && <Undo run={run} one={changed} />}
      </Table.Td>
      <Table.Td>
        {one.by}
        {one.why && (
          <Text size="xs" c="dimmed" className={classes.why}>
            {one.why}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-numeric>{children}</Table.Td>
    </Table.Tr>
  );
}

interface CounterfactualProps {
  run: RunDetail;
  counterfactual: RunRow | undefined;
  one: MadeCommand;
  pending: boolean;
  ask: (seq: number) => void;
}

function Counterfactual({ run, counterfactual, one, pending, ask }: CounterfactualProps) {
  if (!counterfactual || counterfactual.state === "failed" || counterfactual.state === "cancelled")
    return (
      <Button size="compact-xs" variant="default" disabled={pending} onClick={() => ask(one.seq)} aria-label={`Show the run without: ${one.text}, at step ${one.step}`}>
        Show without it
      </Button>
    );
  const text = isTerminal(run.state) && isTerminal(counterfactual.state) ? judged(run.latest, counterfactual.latest) : null;
  return (
    <span className={classes.counterfactual}>
      {text && <Text size="xs">{text}</Text>}
      <Link href={`/runs/${counterfactual.id}`}>Counterfactual</Link>
      <StateBadge state={counterfactual.state} />
    </span>
  );
}
