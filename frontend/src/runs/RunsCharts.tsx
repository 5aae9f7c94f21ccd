import { Button, Group, Text } from "@mantine/core";
import { Link } from "wouter";
import { useFigure } from "../live/figures";
import { awaited } from "../api/awaited";
import type { RunRow } from "../api/types";
import { Chart } from "../charts/Chart";
import type { View } from "../charts/present";
import { useView, ViewControls } from "../charts/ViewControls";
import { plural } from "../format";
import { useWatch } from "../live/hooks";
import { useTheme } from "../ui/theme";
import classes from "./runs.module.css";
import type { RunsView } from "./view";

interface RunsChartsProps {
  /** The runs drawn, each in its own colour. */
  runs: RunRow[];
  total: number;
  view: RunsView;
  hovered: string | null;
  onHover: (run: string | null) => void;
}

export function RunsCharts({ runs, total, view, hovered, onHover }: RunsChartsProps) {
  useWatch(runs);
  const shown = useView();
  const highlight = runs.some(({ id }) => id === hovered) ? hovered : null;
  return (
    <div className={classes.charts}>
      <div className={classes.chartsHeader}>
        <Text size="xs" c="dimmed">
          {legend(runs.length, total, view.selected.length)}
        </Text>
        <Group gap="xs" wrap="nowrap">
          {view.selected.length > 1 && (
            <Button component={Link} href={`/compare?runs=${view.selected.join(",")}`} size="compact-xs" variant="light">
              Compare
            </Button>
          )}
          <ViewControls />
        </Group>
      </div>
      <RunsChart chart="loss" title="Loss" runs={runs} view={{ ...shown, highlight }} onHover={onHover} />
      <RunsChart chart="accuracy" title="Accuracy" runs={runs} view={{ ...shown, logY: false, highlight }} onHover={onHover} />
    </div>
  );
}

function legend(drawn: number, total: number, selected: number): string {
  if (selected) return `${plural(drawn, "selected run")}`;
  if (drawn < total) return `The first ${drawn} of ${plural(total, "run")}: select others to compare`;
  return plural(drawn, "run");
}

interface RunsChartProps {
  chart: string;
  title: string;
  runs: RunRow[];
  view: View;
  onHover: (run: string | null) => void;
}

function RunsChart({ chart, title, runs, view, onHover }: RunsChartProps) {
  const query = useFigure(chart, runs, useTheme());
  const { data, error, refetch } = query;
  return (
    <Chart
      title={title}
      figure={data}
      error={error}
      retry={() => void refetch()}
      pending={awaited(query)}
      view={{ ...view, legend: false }}
      height={290}
      onHoverRun={onHover}
      empty={
        <Text size="sm" c="dimmed">
          These runs have not started yet.
        </Text>
      }
    />
  );
}
