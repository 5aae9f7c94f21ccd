import { Paper, Tabs, Text } from "@mantine/core";
import { offered, useCharts } from "../api/charts";
import type { ChartRow, RunDetail } from "../api/types";
import { useUrlState } from "../ui/url";
import { RunChart } from "./Curves";
import classes from "./run.module.css";

const GROUPS: { group: ChartRow["group"]; name: string; about: string }[] = [
  { group: "diagnosis", name: "Diagnosis", about: "What goes on inside the model while it trains." },
  { group: "quality", name: "Quality", about: "Where the model is right, and where it errs." },
  { group: "results", name: "Compression", about: "What stages searched, took away and rounded." },
  { group: "data", name: "Data", about: "What it is trained on." },
];

/** What the run shows beside its curves, one group at a time. */
export function Insights({ run }: { run: RunDetail }) {
  const [params, change] = useUrlState();
  const charts = useCharts();
  // What needs nothing but results has a place of its own on the page.
  const groups = GROUPS.map((each) => ({ ...each, charts: offered(charts, each.group, run).filter(({ results }) => !results) })).filter((each) => each.charts.length > 0);
  const first = groups[0];
  if (!first) return null;
  const open = groups.find(({ group }) => group === params.get("insight")) ?? first;
  return (
    <Paper className={classes.section}>
      <Tabs value={open.group} onChange={(group) => change({ insight: group === first.group ? null : group })} keepMounted={false}>
        <Tabs.List mb="sm">
          {groups.map(({ group, name, charts: own }) => (
            <Tabs.Tab key={group} value={group}>
              {name} ({own.length})
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={open.group}>
          <Text size="xs" c="dimmed" mb="sm">
            {open.about}
          </Text>
          <Charts className={classes.curves} charts={open.charts.filter(({ summaries }) => summaries.length === 0)} run={run} />
          <Charts className={classes.pictures} charts={open.charts.filter(({ summaries }) => summaries.length > 0)} run={run} />
        </Tabs.Panel>
      </Tabs>
    </Paper>
  );
}

function Charts({ className, charts, run }: { className: string | undefined; charts: ChartRow[]; run: RunDetail }) {
  if (charts.length === 0) return null;
  return (
    <div className={className}>
      {charts.map(({ name, title }) => (
        <RunChart key={name} chart={name} title={title} run={run} />
      ))}
    </div>
  );
}
