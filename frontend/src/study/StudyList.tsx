import { Progress, Table } from "@mantine/core";
import { Link } from "wouter";
import type { StudyRow } from "../api/studies";
import { count, words } from "../format";
import { Ago } from "../ui/Ago";
import { StateBadge } from "../ui/StateBadge";
import classes from "./study.module.css";
import { describeCounts, measured, measureTitle, over } from "./words";

/** Studies, the newest first. */
export function StudyTable({ studies }: { studies: readonly StudyRow[] }) {
  return (
    <Table.ScrollContainer minWidth={760} type="native">
      <Table className={classes.table} aria-label="Studies">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Study</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Progress</Table.Th>
            <Table.Th>Best</Table.Th>
            <Table.Th>Sampler</Table.Th>
            <Table.Th data-numeric>Created</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {studies.map((study) => (
            <Table.Tr key={study.id} data-row>
              <Table.Td className={classes.name}>
                <Link href={`/studies/${study.id}`}>{study.name}</Link>
                {study.error && <div className={classes.sub}>{study.error}</div>}
              </Table.Td>
              <Table.Td>
                <StateBadge state={study.state} />
              </Table.Td>
              <Table.Td>
                <Along study={study} />
              </Table.Td>
              <Table.Td>
                <Best study={study} />
              </Table.Td>
              <Table.Td>
                {words(study.sampler)}
                <div className={classes.sub}>pruner {words(study.pruner)}</div>
              </Table.Td>
              <Table.Td data-numeric>
                <Ago at={study.created_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The same list where a table has no room. */
export function StudyCards({ studies }: { studies: readonly StudyRow[] }) {
  return (
    <ul className={classes.cards} aria-label="Studies">
      {studies.map((study) => (
        <li key={study.id} data-row className={classes.card}>
          <div className={classes.name}>
            <Link href={`/studies/${study.id}`}>{study.name}</Link>
          </div>
          <div className={classes.cardLine}>
            <StateBadge state={study.state} />
            <Along study={study} />
          </div>
          <div className={classes.cardLine}>
            <Best study={study} />
            <span className={classes.sub}>
              {words(study.sampler)} · <Ago at={study.created_at} />
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** How many trials are over, of how many where the budget counts them. */
function Along({ study }: { study: StudyRow }) {
  const done = over(study);
  const most = study.budget.trials;
  return (
    <>
      <span className={classes.progress}>
        {most ? <Progress value={(100 * done) / most} aria-label={`${done} of ${most} trials are over`} /> : null}
        <span>
          {count(done)}
          {most ? ` of ${count(most)}` : " trials"}
        </span>
      </span>
      <div className={classes.sub}>{describeCounts(study)}</div>
    </>
  );
}

function Best({ study: { best, objectives } }: { study: StudyRow }) {
  const [measure = ""] = objectives;
  if (objectives.length > 1) return <span className={classes.sub}>{objectives.map(measureTitle).join(" × ")}</span>;
  if (!best) return <span className={classes.sub}>none yet</span>;
  const text = measured(measure, best.values[0]);
  return (
    <>
      {best.run_id ? (
        <Link href={`/runs/${best.run_id}`} aria-label={`${text}, trial ${best.number}`}>
          {text}
        </Link>
      ) : (
        text
      )}
      <div className={classes.sub}>
        {measureTitle(measure)} of trial {best.number}
      </div>
    </>
  );
}
