import { Button, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAskGhost } from "../api/ghosts";
import type { RunDetail, RunRow, StreamEvent } from "../api/types";
import { count } from "../format";
import { StateBadge } from "../ui/StateBadge";
import { isTerminal } from "../api/states";
import { type Intervention, judged, made, type Turned, undoable } from "./interventions";
import classes from "./run.module.css";
import { Section } from "./Section";
import { Undo } from "./Undo";

/** What was changed in the run, each with the run that shows what would have been without it. */
export default function Interventions({ run, events, ghosts }: { run: RunDetail; events: StreamEvent[]; ghosts: RunRow[] }) {
  const { mutate, isPending } = useAskGhost(run.id);
  const ask = (seq: number) => mutate(seq, { onError: (error) => notifications.show({ color: "red", title: "No counterfactual run", message: error.message }) });
  const turned = undoable(run, events);
  return (
    <Section
      title="Interventions"
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
              <Row key={one.seq} run={run} one={one} turned={turned.find(({ seq }) => seq === one.seq)}>
                <Ghost run={run} ghost={ghosts.findLast(({ ghost_seq }) => ghost_seq === one.seq)} one={one} pending={isPending} ask={ask} />
              </Row>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}

/** What was done, by whom and why, and what shows the run without it; `turned` when that can be undone. */
function Row({ run, one, turned, children }: { run: RunDetail; one: Intervention; turned: Turned | undefined; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Td data-numeric>step {count(one.step)}</Table.Td>
      <Table.Td>
        {one.told}
        {turned && <Undo run={run} one={turned} />}
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

interface GhostProps {
  run: RunDetail;
  ghost: RunRow | undefined;
  one: Intervention;
  pending: boolean;
  ask: (seq: number) => void;
}

function Ghost({ run, ghost, one, pending, ask }: GhostProps) {
  if (!ghost || ghost.state === "failed" || ghost.state === "cancelled")
    return (
      <Button size="compact-xs" variant="default" disabled={pending} onClick={() => ask(one.seq)} aria-label={`Show the run without: ${one.told}, at step ${one.step}`}>
        Show without it
      </Button>
    );
  const told = isTerminal(run.state) && isTerminal(ghost.state) ? judged(run.latest, ghost.latest) : null;
  return (
    <span className={classes.ghost}>
      {told && <Text size="xs">{told}</Text>}
      <Link href={`/runs/${ghost.id}`}>Counterfactual</Link>
      <StateBadge state={ghost.state} />
    </span>
  );
}
