import { Button, Group, Table, Text, Tooltip } from "@mantine/core";
import { Link } from "wouter";
import { isOver, PAGE, type StudyDetail, type TrialRow, type TrialSort, useTrials } from "../api/studies";
import { count, duration } from "../format";
import { Td, Tr } from "../ui/Cells";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { orderOf, SortButton } from "../ui/SortButton";
import { StateBadge } from "../ui/StateBadge";
import { useUrlState } from "../ui/url";
import { Panel } from "./Overview";
import classes from "./study.module.css";
import { held, measured, measureTitle, shortNames } from "./words";

const SORTS: TrialSort[] = ["number", "value", "seconds"];

/** The trials that the address asks for. */
export function useShownTrials(id: string, live: boolean) {
  const [params, change] = useUrlState();
  const sort = SORTS.find((name) => name === params.get("sort")) ?? "number";
  const descending = params.get("order") !== "up";
  const page = Math.max(0, Number(params.get("page")) || 0);
  const { data, error, refetch } = useTrials(id, { sort, descending, page }, live);
  return { data, error, refetch, sort, descending, page, change };
}

/** Every trial, page by page; the server sorts. */
export function Trials({ study }: { study: StudyDetail }) {
  const { data, error, refetch, sort, descending, page, change } = useShownTrials(study.id, !isOver(study.state));
  if (!data) return error ? <Failure what="The trials" error={error} retry={() => void refetch()} /> : <Loading what="the trials" />;
  const turn = (name: TrialSort) => change({ sort: name, order: sort === name && descending ? "up" : null, page: null });
  return (
    <Panel title="Trials">
      {data.total === 0 ? (
        <Text size="sm" c="dimmed">
          The first trial begins as soon as a worker leads the study, usually within seconds.
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={640} type="native">
          <Table className={classes.table} aria-label="Trials">
            <Head study={study} sort={sort} descending={descending} onTurn={turn} />
            <Table.Tbody>
              {data.trials.map((trial) => (
                <Row key={trial.number} trial={trial} study={study} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {data.total > PAGE && <Pages page={page} total={data.total} onGo={(to) => change({ page: to ? String(to) : null })} />}
    </Panel>
  );
}

interface HeadProps {
  study: StudyDetail;
  sort: TrialSort;
  descending: boolean;
  onTurn: (sort: TrialSort) => void;
}

function Head({ study, sort, descending, onTurn }: HeadProps) {
  const { space, objectives } = study.study;
  const fields = space.map(({ field }) => field);
  const names = shortNames(fields);
  const heading = (name: TrialSort, label: string, numeric = true) => (
    <Table.Th key={label} data-numeric={numeric || undefined} aria-sort={orderOf(sort === name, descending)}>
      <SortButton label={label} order={orderOf(sort === name, descending)} onTurn={() => onTurn(name)} />
    </Table.Th>
  );
  return (
    <Table.Thead>
      <Table.Tr>
        {heading("number", "Trial", false)}
        <Table.Th>State</Table.Th>
        {objectives.map(({ measure }, index) =>
          index === 0 ? heading("value", measureTitle(measure)) : <Table.Th key={measure} data-numeric>{measureTitle(measure)}</Table.Th>,
        )}
        {fields.map((field) => (
          <Table.Th key={field} title={field} data-numeric>
            {names.get(field)}
          </Table.Th>
        ))}
        <Table.Th data-numeric>Steps</Table.Th>
        {heading("seconds", "Time")}
        <Table.Th>Requested for by</Table.Th>
      </Table.Tr>
    </Table.Thead>
  );
}

function Row({ trial, study }: { trial: TrialRow; study: StudyDetail }) {
  const { space, objectives } = study.study;
  const best = study.best?.number === trial.number || study.front.includes(trial.number);
  return (
    <Tr data-best={best || undefined}>
      <Td>
        {trial.run_id ? <Link href={`/runs/${trial.run_id}`} aria-label={`Run of trial ${trial.number}`}>{trial.number}</Link> : trial.number}
        {best && <span className="visually-hidden"> {study.best ? "the best" : "on the front"}</span>}
      </Td>
      <Td>
        {trial.error ? (
          <Tooltip label={trial.error}>
            <span>
              <StateBadge state={trial.state} />
            </span>
          </Tooltip>
        ) : (
          <StateBadge state={trial.state} />
        )}
        {trial.state === "failed" && <div className={`${classes.sub} ${classes.why}`}>{trial.error}</div>}
        {trial.violation > 0 && <div className={`${classes.sub} ${classes.why}`}>{trial.error ?? "misses the constraint"}</div>}
      </Td>
      {objectives.map(({ measure }, index) => (
        <Td key={measure} data-numeric>
          {measured(measure, trial.values[index])}
        </Td>
      ))}
      {space.map(({ field }) => (
        <Td key={field} data-numeric>
          {held(trial.assignment[field])}
        </Td>
      ))}
      <Td data-numeric>{trial.steps > 0 ? count(trial.steps) : "–"}</Td>
      <Td data-numeric>{trial.seconds > 0 ? duration(trial.seconds) : "–"}</Td>
      <Td>{trial.by ?? <span className={classes.sub}>the sampler</span>}</Td>
    </Tr>
  );
}

function Pages({ page, total, onGo }: { page: number; total: number; onGo: (page: number) => void }) {
  const last = Math.ceil(total / PAGE) - 1;
  return (
    <div className={classes.pages}>
      <Text size="sm" c="dimmed">
        {count(page * PAGE + 1)}–{count(Math.min(total, (page + 1) * PAGE))} of {count(total)}
      </Text>
      <Group gap="xs">
        <Button size="xs" variant="default" disabled={page === 0} onClick={() => onGo(page - 1)}>
          Earlier page
        </Button>
        <Button size="xs" variant="default" disabled={page >= last} onClick={() => onGo(page + 1)}>
          Next page
        </Button>
      </Group>
    </div>
  );
}
