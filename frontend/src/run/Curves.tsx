import { Text } from "@mantine/core";
import { offered, useCharts } from "../api/charts";
import { useFigure } from "../live/figures";
import { awaited } from "../api/awaited";
import type { RunDetail, RunRow, RunState } from "../api/types";
import { Chart } from "../charts/Chart";
import type { View } from "../charts/present";
import { useView, ViewControls } from "../charts/ViewControls";
import { queued } from "../ui/progress";
import { useTheme } from "../ui/theme";
import classes from "./run.module.css";

/** Charts whose values the reader may smooth; the others are exact. */
const SMOOTHED = new Set(["loss", "accuracy"]);

/** The live curves of the run on one timeline, its counterfactual runs beside it. */
export function Curves({ run, counterfactuals }: { run: RunDetail; counterfactuals: RunRow[] }) {
  const shown = useView();
  const charts = offered(useCharts(), "training", run);
  return (
    <section aria-label="Curves">
      <div className={classes.curvesHeader}>
        <Text size="xs" c="dimmed" className={classes.hint}>
          Drag to zoom, double-click to see everything again.
        </Text>
        <ViewControls />
      </div>
      <div className={classes.curves}>
        {charts.map(({ name, title }) => (
          <RunChart
            key={name}
            chart={name}
            title={title}
            run={run}
            counterfactuals={counterfactuals}
            view={SMOOTHED.has(name) ? { ...shown, logY: shown.logY && name === "loss" } : {}}
          />
        ))}
      </div>
    </section>
  );
}

/** Why there is nothing to draw of a run that is not over. */
const NONE_YET: Partial<Record<RunState, string>> = {
  queued: "The run is queued: it has not started yet.",
  running: "No data yet.",
  paused: "No data yet: the run is paused.",
};

function describe(run: RunDetail): string {
  const wait = queued(run);
  return wait ? `Queued: ${wait}.` : (NONE_YET[run.state] ?? "The run ended without measuring this.");
}

interface RunChartProps {
  chart: string;
  title: string;
  run: RunDetail;
  /** Runs that are drawn dotted beside it. */
  counterfactuals?: RunRow[];
  view?: View;
  empty?: string;
  height?: number;
  minWidth?: number;
}

export function RunChart({ chart, title, run, counterfactuals = [], view, empty, height = 280, minWidth }: RunChartProps) {
  const query = useFigure(chart, [run, ...counterfactuals], useTheme());
  const { data, error, refetch } = query;
  return (
    <Chart
      title={title}
      figure={data}
      error={error}
      retry={() => void refetch()}
      pending={awaited(query)}
      view={view}
      height={data?.layout.height ?? height}
      minWidth={minWidth}
      empty={
        <Text size="sm" c="dimmed">
          {empty ?? describe(run)}
        </Text>
      }
    />
  );
}
