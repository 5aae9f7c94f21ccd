import { Button, Select } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useIntersection } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { awaited } from "../api/awaited";
import { type Across, isOver, type StudyChart, type StudyDetail, trialOf, useStudyFigure } from "../api/studies";
import { Chart } from "../charts/Chart";
import { useTheme } from "../ui/theme";
import { brushed, type Brushes, withBox } from "./brush";
import classes from "./study.module.css";
import { shortNames } from "./words";

/** Charts in which boxes are drawn, and that need the whole width. */
const BRUSHED = "parallel";
const HEIGHT = 340;

/** What the trials have taught, each chart asked for while it is on screen. */
export function Charts({ study }: { study: StudyDetail }) {
  return (
    <section aria-label="Charts" className={classes.charts}>
      {study.charts.map((chart, place) => (
        <StudyFigure key={chart.name} chart={chart} study={study} first={place === 0} />
      ))}
    </section>
  );
}

function StudyFigure({ chart, study, first }: { chart: StudyChart; study: StudyDetail; first: boolean }) {
  const { ref, entry } = useIntersection({ rootMargin: "200px" });
  const visible = entry?.isIntersecting ?? first; // it is known to be on screen before anybody has looked
  const fields = chart.fields ?? [];
  const [across, setAcross] = useState<Across>(() => twoOf(fields, study));
  const [brushes, setBrushes] = useState<Brushes>({});
  const live = !isOver(study.state) && visible;
  const query = useStudyFigure(study.id, chart.name, useTheme(), across, live, visible);
  const { data, error, refetch } = query;
  const shown = useMemo(() => (data && chart.name === BRUSHED ? brushed(data, brushes) : undefined), [data, chart.name, brushes]);
  const open = useOpenTrial(study.id);
  const many = study.study.space.length + study.study.objectives.length;
  const controls = fields.length > 1 ? <Axes fields={fields} across={across} onChange={setAcross} /> : shown && shown.kept < shown.all ? <Kept {...shown} onClear={() => setBrushes({})} /> : undefined;
  return (
    <div ref={ref} className={chart.name === BRUSHED ? classes.broad : undefined}>
      <Chart
        title={chart.title} figure={shown?.figure ?? data} error={error} retry={() => void refetch()} pending={awaited(query)} height={HEIGHT} controls={controls}
        minWidth={chart.name === BRUSHED ? many * 110 : undefined} onPick={open} empty={data?.layout.meta?.summary}
        onBox={chart.name === BRUSHED ? (box) => setBrushes(box ? withBox(brushes, box) : {}) : undefined}
      />
    </div>
  );
}

/** Two fields to begin with: ranges before choices, between which nothing lies. */
function twoOf(fields: readonly string[], { study: { space } }: StudyDetail): Across {
  const isRange = (field: string) => space.some((dimension) => dimension.field === field && !dimension.choice);
  const [x, y] = [...fields.filter(isRange), ...fields.filter((field) => !isRange(field))];
  return x && y ? { x, y } : {};
}

/** Opens the run of the trial with this number. */
export function useOpenTrial(study: string): (number: unknown) => void {
  const [, navigate] = useLocation();
  return (number) => {
    if (typeof number !== "number") return;
    void trialOf(study, number).then((trial) => {
      if (trial?.run_id) navigate(`/runs/${trial.run_id}`);
      else notifications.show({ message: `Trial ${number} has no run that could be opened.` });
    });
  };
}

function Axes({ fields, across, onChange }: { fields: string[]; across: Across; onChange: (across: Across) => void }) {
  const names = shortNames(fields);
  const data = fields.map((field) => ({ value: field, label: names.get(field) ?? field }));
  const choose = (axis: keyof Across, field: string | null) => {
    if (!field) return;
    const other = axis === "x" ? "y" : "x";
    onChange({ ...across, [axis]: field, ...(across[other] === field ? { [other]: across[axis] } : {}) });
  };
  return (
    <div className={classes.axes}>
      <Select size="xs" className={classes.axis} aria-label="Field across" data={data} value={across.x} allowDeselect={false} onChange={(field) => choose("x", field)} />
      <Select size="xs" className={classes.axis} aria-label="Field upwards" data={data} value={across.y} allowDeselect={false} onChange={(field) => choose("y", field)} />
    </div>
  );
}

function Kept({ kept, all, onClear }: { kept: number; all: number; onClear: () => void }) {
  return (
    <Button size="compact-xs" variant="default" onClick={onClear}>
      {kept} of {all} trials kept: show all
    </Button>
  );
}
