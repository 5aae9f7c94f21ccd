import { Button, Table } from "@mantine/core";
import { Link } from "wouter";

import type { Relative, RunDetail } from "../api/types";
import { count } from "../format";
import { StateBadge } from "../ui/StateBadge";
import classes from "./run.module.css";
import { Section } from "./Section";

const RELATIONS: Record<Relative["relation"], string> = {
  parent: "Begins with",
  awaited: "Waits for",
  child: "Forked as",
  waiting: "Waited for by",
  original: "Counterfactual of",
  counterfactual: "Counterfactual",
};

/** Which run this one began with, and which began with it. */
export default function Lineage({ run }: { run: RunDetail }) {
  return (
    <Section title="Lineage">
      <Table.ScrollContainer minWidth={420} type="native">
        <Table className={classes.files}>
          <Table.Tbody>
            {run.relatives!.map((relative) => (
              <Table.Tr key={`${relative.relation} ${relative.id}`}>
                <Table.Td>{RELATIONS[relative.relation]}</Table.Td>
                <Table.Td>
                  <span className={classes.swatch} style={{ background: relative.color }} aria-hidden="true" />{" "}
                  <Link href={`/runs/${relative.id}`}>{relative.name}</Link>
                </Table.Td>
                <Table.Td>{until(relative, run)}</Table.Td>
                <Table.Td>
                  <StateBadge state={relative.state} />
                </Table.Td>
                <Table.Td data-numeric>
                  <Button size="compact-xs" variant="default" component={Link} href={`/compare?runs=${run.id},${relative.id}`}>
                    Compare
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}

/** How much of their past the two share. */
function until({ stage, step }: Relative, run: RunDetail): string {
  if (step !== null) return `up to step ${count(step)}`;
  return stage === null ? "" : `up to the end of stage ${stage} of ${run.stages.length}`;
}
