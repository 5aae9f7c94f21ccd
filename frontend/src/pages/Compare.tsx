import { Button, NumberInput, Paper, Table, Text, Title } from "@mantine/core";
import { useDebouncedValue, useDocumentTitle } from "@mantine/hooks";
import { useQueries } from "@tanstack/react-query";
import { Link } from "wouter";

import { useFigure } from "../live/figures";
import { awaited } from "../api/awaited";
import { runQuery, useGroup } from "../api/runs";
import type { RunDetail, RunRow } from "../api/types";
import { Chart } from "../charts/Chart";
import { useView, ViewControls } from "../charts/ViewControls";
import { differences } from "../compare/differences";
import classes from "../compare/compare.module.css";
import { describe } from "../form/tree/summary";
import type { Json } from "../form/tree/schema";
import { number, percent, plural } from "../format";
import { useWatch } from "../live/hooks";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { trained, TRAINED } from "../ui/progress";
import { StateBadge } from "../ui/StateBadge";
import { useTheme } from "../ui/theme";
import { listed, useUrlState } from "../ui/url";

/** Runs side by side: their curves, how soon each reaches a target, and what tells them apart. */
export default function Compare() {
  useDocumentTitle("Compare · Lathe");
  const [params] = useUrlState();
  const group = params.get("group") ?? "";
  const ids = listed(params, "runs");
  const query = useGroup(group, ids);
  const { data, error, refetch } = query;
  if (error && !data) return <Failure what="The runs" error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the runs" height={480} />;
  if (data.length === 0)
    return (
      <Empty pending={awaited(query) && "the runs"} title="There is nothing to compare" action={{ label: "To the runs", href: "/" }}>
        Select two runs or more in the table, or start the template that compares optimizers.
      </Empty>
    );
  return <Comparison runs={data} />;
}

function Comparison({ runs }: { runs: RunRow[] }) {
  useWatch(runs);
  const shown = useView();
  const view = { ...shown, legend: false };
  return (
    <div className={classes.page}>
      <div className={classes.bar}>
        <div>
          <Title order={1}>Compare</Title>
          <Text size="sm" c="dimmed">
            {plural(runs.length, "run")} of {plural(new Set(runs.map(({ experiment_id }) => experiment_id)).size, "experiment")}
          </Text>
        </div>
        <ViewControls />
      </div>
      <TimeToTarget runs={runs} />
      {reordered(runs) && <CompareChart chart="orders" title="In which order" runs={runs} view={{ ...view, logY: false }} height={380} />}
      <div className={classes.charts}>
        <CompareChart chart="loss" title="Loss" runs={runs} view={view} />
        <CompareChart chart="accuracy" title="Accuracy" runs={runs} view={{ ...view, logY: false }} />
      </div>
      <RunsSideBySide runs={runs} />
    </div>
  );
}

function TimeToTarget({ runs }: { runs: RunRow[] }) {
  const [params, change] = useUrlState();
  const wanted = params.get("target");
  const [target] = useDebouncedValue(wanted ? Number(wanted) / 100 : undefined, 300);
  const query = useFigure("time_to_target", runs, useTheme(), target);
  const { data, error, refetch } = query;
  return (
    <Chart
      title="Time to target" figure={data} error={error} retry={() => void refetch()} pending={awaited(query)} height={data?.layout.height ?? 240}
      empty={<Text size="sm" c="dimmed">The first validation has not been measured yet.</Text>}
      controls={
        <NumberInput
          size="xs" w={150} aria-label="Target accuracy, percent" placeholder="Target, %" min={0} max={100} step={0.5} suffix=" %" value={wanted ?? ""}
          onChange={(value) => change({ target: value === "" ? null : String(value) })}
        />
      }
    />
  );
}

/** Whether the runs have the same stages in different orders. */
function reordered(runs: RunRow[]): boolean {
  const labels = runs.map(({ stages }) => (stages ?? []).map(({ label }) => label));
  const several = (lists: string[][]) => new Set(lists.map((list) => list.join("\n"))).size > 1;
  return several(labels) && !several(labels.map((list) => [...list].sort()));
}

interface CompareChartProps {
  chart: string;
  title: string;
  runs: RunRow[];
  view: object;
  height?: number;
}

function CompareChart({ chart, title, runs, view, height = 300 }: CompareChartProps) {
  const query = useFigure(chart, runs, useTheme());
  const { data, error, refetch } = query;
  return <Chart title={title} figure={data} error={error} retry={() => void refetch()} pending={awaited(query)} view={view} height={height} />;
}

function RunsSideBySide({ runs }: { runs: RunRow[] }) {
  const first = [...new Map(runs.map((run) => [run.experiment_id, run])).values()];
  const details = useQueries({ queries: first.map(({ id }) => runQuery(id)) }).map(({ data }) => data);
  const known = details.filter((detail): detail is RunDetail => detail !== undefined);
  const found = known.length === first.length ? differences(known.map(({ spec }) => spec as unknown as Json)) : [];
  const place = new Map(first.map(({ experiment_id }, index) => [experiment_id, index]));
  return (
    <Paper component="section" aria-label="Side by side">
      <Table.ScrollContainer minWidth={560} type="native">
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Run</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th ta="right">Accuracy</Table.Th>
              <Table.Th ta="right">Loss</Table.Th>
              <Table.Th ta="right" title={TRAINED}>
                Trained
              </Table.Th>
              {found.map(({ path }) => (
                <Table.Th key={path}>{path}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {runs.map((run) => (
              <Table.Tr key={run.id}>
                <Table.Td>
                  <span className={classes.swatch} style={{ background: run.color }} aria-hidden="true" />
                  <Button component={Link} href={`/runs/${run.id}`} variant="transparent" size="compact-sm" px={0}>
                    {run.name} · seed {run.seed}
                  </Button>
                </Table.Td>
                <Table.Td>
                  <StateBadge state={run.state} />
                </Table.Td>
                <Table.Td ta="right">{percent(run.latest?.["validation/accuracy"])}</Table.Td>
                <Table.Td ta="right">{number(run.latest?.["validation/loss"])}</Table.Td>
                <Table.Td ta="right">{trained(run.active_seconds)}</Table.Td>
                {found.map(({ path, values }) => (
                  <Table.Td key={path}>{describe(values[place.get(run.experiment_id) ?? 0])}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
