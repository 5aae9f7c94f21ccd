import { Alert, Table, Text, Tooltip } from "@mantine/core";
import type { ArtifactMeasure, RunDetail } from "../api/types";
import { bytes, count, percent, points, words } from "../format";
import type { ReactNode } from "react";
import { AlertIcon } from "../ui/icons";
import { over, type ResultRow, resultRows, timeChange, timed, timings } from "./results";
import classes from "./run.module.css";
import { Section } from "./Section";
import { Sub } from "./Sub";
import { Timed } from "./Timed";

const MEASURED = "Read from the file that was written and loaded again in a clean process.";
const COUNTED = "Counted in the model: computed, not measured.";

/** What each stage gained and cost. */
export function Results({ run }: { run: RunDetail }) {
  if (run.results.length === 0) return null;
  const rows = resultRows(run.results);
  const times = timings(run.results);
  const headline = rows.at(-1)?.result.headline;
  const doubts = rows.at(-1)?.result.doubts ?? [];
  return (
    <Section title="Results by stage" aside={<Text size="xs" c="dimmed">{against(rows)}</Text>}>
      {doubts.map((doubt) => (
        <Alert key={doubt} color="orange" icon={<AlertIcon size={16} />} mb="xs" title="Not a success">
          {doubt}
        </Alert>
      ))}
      {headline && (
        <Text fw={600} mb="xs">
          {headline}
        </Text>
      )}
      <Table.ScrollContainer minWidth={720 + 130 * times.length} type="native">
        <Table className={classes.results}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th rowSpan={2} scope="col">
                Stage
              </Table.Th>
              <Table.Th colSpan={4 + times.length} scope="colgroup" className={classes.group}>
                <Tooltip label={MEASURED}>
                  <span>Measured on the written file</span>
                </Tooltip>
              </Table.Th>
              <Table.Th colSpan={2} scope="colgroup" className={classes.group}>
                <Tooltip label={COUNTED}>
                  <span>Counted, theoretical</span>
                </Tooltip>
              </Table.Th>
            </Table.Tr>
            <Table.Tr>
              <Table.Th>Accuracy</Table.Th>
              <Table.Th>Δ points</Table.Th>
              <Table.Th>On disk</Table.Th>
              <Table.Th>Gzipped</Table.Th>
              {times.map(({ key, batch, device }) => (
                <Table.Th key={key}>
                  Batch {count(batch)}, {device}
                </Table.Th>
              ))}
              <Table.Th>Parameters</Table.Th>
              <Table.Th>Nonzero</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {run.incoming && <Incoming model={run.incoming} columns={4 + times.length} />}
            {rows.map((row) => (
              <Row key={row.result.stage} row={row} times={times} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Notes rows={rows} />
    </Section>
  );
}

const against = (rows: ResultRow[]): string => {
  const first = rows.find(({ first }) => first);
  return first ? `Compared with “${words(first.result.label)}”: same format, runtime, batch size and device` : "";
};

function Row({ row, times }: { row: ResultRow; times: ReturnType<typeof timings> }) {
  const { result, measure, others, compared, first } = row;
  const change = compared.get(measure?.artifact ?? "");
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.stageCell}>
        {words(result.label)}
        <Sub>{measure ? file(measure) : "no file was written"}</Sub>
      </Table.Th>
      <Table.Td>{percent(measure?.accuracy)}</Table.Td>
      <Table.Td>{first ? "baseline" : points(change?.accuracy)}</Table.Td>
      <Amount text={bytes(measure?.bytes)} change={change?.size}>
        {others.filter(({ runtime }) => runtime).map((other) => (
          <Sub key={other.artifact}>
            {[`${words(other.exporter)} ${bytes(other.bytes)}`, compared.get(other.artifact)?.size].filter(Boolean).join(" · ")}
          </Sub>
        ))}
      </Amount>
      <Amount text={bytes(measure?.gzip_bytes)} change={change?.gzip_size} />
      {times.map(({ key }) => (
        <Timed key={key} time={timed(measure, key)} beside={timeChange(change, key)} meter={measure?.energy_meter} />
      ))}
      <Table.Td>{count(result.parameters)}</Table.Td>
      <Amount text={count(result.nonzero)} change={`${percent(over(result.nonzero, result.parameters))} nonzero`} />
    </Table.Tr>
  );
}

/** The model before the first stage, which was evaluated and not written. */
const Incoming = ({ model, columns }: { model: NonNullable<RunDetail["incoming"]>; columns: number }) => (
  <Table.Tr>
    <Table.Th scope="row" className={classes.stageCell}>
      As it came in
      <Sub>fresh weights</Sub>
    </Table.Th>
    <Table.Td>{percent(model.test?.accuracy)}</Table.Td>
    <Table.Td colSpan={columns - 1}>No file of it was written</Table.Td>
    <Table.Td>{count(model.parameters)}</Table.Td>
    <Amount text={count(model.nonzero)} change={`${percent(over(model.nonzero, model.parameters))} of them`} />
  </Table.Tr>
);

const file = ({ exporter, runtime }: ArtifactMeasure): string => (runtime ? `${words(exporter)}, run in ${runtime}` : `${words(exporter)}, not run`);

function Amount({ text, change, children }: { text: string; change: string | undefined; children?: ReactNode }) {
  return (
    <Table.Td>
      {text}
      {change && <Sub>{change}</Sub>}
      {children}
    </Table.Td>
  );
}

function Notes({ rows }: { rows: ResultRow[] }) {
  const noted = rows.filter(({ result, others }) => result.notes.length || others.length);
  if (noted.length === 0) return null;
  return (
    <>
      <Text size="xs" c="dimmed" mt="sm">
        Each stage against the one before it:
      </Text>
      <dl className={classes.notes}>
        {noted.map(({ result, others }) => (
          <div key={result.stage}>
            <dt>{words(result.label)}</dt>
            <dd>
              {result.notes.map((note) => (
                <p key={note}>{note}</p>
              ))}
              {others.length > 0 && <p>Also written: {others.map((other) => `${words(other.exporter)} ${bytes(other.bytes)}`).join(", ")}.</p>}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
