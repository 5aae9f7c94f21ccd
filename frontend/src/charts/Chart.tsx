import { Paper, Text, Title } from "@mantine/core";
import { useElementSize, useIntersection, useMergedRef } from "@mantine/hooks";
import { type ReactNode, use, useCallback, useEffect, useId, useRef, useState } from "react";
import type { Figure } from "../api/figure";
import { Boundary } from "../ui/Boundary";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import classes from "./Chart.module.css";
import { ChartMenu } from "./ChartMenu";
import { type Box, Drawer, type DrawerEvents, type Drawing, plotly } from "./drawer";
import { lastStep } from "./figure";
import { present, type View } from "./present";
import { UpToDate } from "./upToDate";

export interface ChartProps {
  title: string;
  figure: Figure | undefined;
  error?: Error | null;
  retry?: () => void;
  /** Whether an answer is on its way: until it is here, nobody can say that there is nothing to draw. */
  pending: boolean;
  /** What stands in the chart's place while there is nothing to draw. */
  empty?: ReactNode;
  view?: View;
  height?: number;
  /** Narrower than this the chart scrolls sideways, pixels. */
  minWidth?: number;
  /** Controls beside the title. */
  controls?: ReactNode;
  onHoverRun?: (run: string | null) => void;
  /** A marker that says something about itself was clicked. */
  onPick?: (about: unknown) => void;
  /** A box was drawn in a figure whose layout asks for boxes; null when it was taken away. */
  onBox?: (box: Box | null) => void;
}

/** A card with a chart: title, controls, picture, and the same in words for those who do not see it. */
export function Chart(props: ChartProps) {
  return (
    <Boundary what={`The chart “${props.title}”`}>
      <Card {...props} />
    </Boundary>
  );
}

function Card({ title, figure, error, retry, pending, empty, view = {}, height = 280, minWidth, controls, onHoverRun, onPick, onBox }: ChartProps) {
  const card = useRef<HTMLDivElement>(null);
  const heading = useId();
  const drawer = useRef<Drawer | null>(null);
  const shown = useRef(figure);
  shown.current = figure;
  useEffect(() => void plotly().catch(() => undefined), []);
  const blank = figure !== undefined && !hasPoints(figure);
  return (
    <Paper className={classes.card} ref={card} component="section" aria-labelledby={heading}>
      <header className={classes.header}>
        <Title order={3} id={heading} className={classes.title}>
          {title}
        </Title>
        <div className={classes.controls}>
          {controls}
          {figure && !blank && <ChartMenu title={title} figure={shown} drawer={drawer} card={card} />}
        </div>
      </header>
      {error && !figure ? (
        <div className={classes.notice}>
          <Failure what={`The chart “${title}”`} error={error} retry={retry} />
        </div>
      ) : !figure || (blank && pending) ? (
        <Loading what={title.toLowerCase()} height={height} />
      ) : blank ? (
        <div className={classes.notice} style={{ minHeight: height }}>
          {empty ?? <Text c="dimmed">Nothing has been measured yet.</Text>}
        </div>
      ) : (
        <Plot figure={figure} view={view} height={height} minWidth={minWidth} title={title} drawer={drawer} onHoverRun={onHoverRun} onPick={onPick} onBox={onBox} />
      )}
    </Paper>
  );
}

interface PlotProps {
  figure: Figure;
  view: View;
  height: number;
  minWidth: number | undefined;
  title: string;
  drawer: { current: Drawer | null };
  onHoverRun: ChartProps["onHoverRun"];
  onPick: ChartProps["onPick"];
  onBox: ChartProps["onBox"];
}

function Plot({ figure, view, height, minWidth, title, drawer, onHoverRun, onPick, onBox }: PlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState(false);
  const [failure, setFailure] = useState<Error | null>(null);
  const { ref: sight, entry } = useIntersection({ rootMargin: "120px" });
  const { ref: sized, width, height: tall } = useElementSize();
  const { smoothing, logY, clip, highlight, legend } = view;
  const upToDate = use(UpToDate);
  // Drawn when its turn comes, with what has come in by then.
  const drawing = useCallback(() => present(upToDate(figure), { smoothing, logY, clip, highlight, legend }), [upToDate, figure, smoothing, logY, clip, highlight, legend]);
  const visible = entry?.isIntersecting ?? false;

  const events = useRef<DrawerEvents>({});
  events.current = {
    onHoverRun,
    onPick,
    onBox,
    onDrawn: (drawing) => {
      note(element.current, drawing);
      setDrawn(true);
      setFailure(null);
    },
    onFailed: setFailure,
  };

  useEffect(() => {
    const own = new Drawer(element.current as HTMLDivElement, () => events.current);
    drawer.current = own;
    return () => {
      own.close();
      drawer.current = null;
    };
  }, [drawer]);

  useEffect(() => {
    if (visible) drawer.current?.draw(drawing);
  }, [drawer, drawing, visible]);

  useEffect(() => {
    if (width && tall) void drawer.current?.resize();
  }, [drawer, width, tall]);

  const box = useMergedRef(sight, sized);
  return (
    <div className={classes.scroll} style={{ height }}>
      <div className={classes.box} style={{ minWidth }} ref={box}>
        <div ref={element} className={classes.plot} role="img" aria-label={spoken(title, figure)} data-chart={title} />
        {failure && <Failure what={`The chart “${title}”`} error={failure} retry={() => drawer.current?.draw(drawing)} />}
        {!drawn && !failure && <Loading what={title.toLowerCase()} height={height} />}
      </div>
    </div>
  );
}

/** A picture has neither x nor y: it is drawn from `z` or `source`, or lies behind the axes. */
const hasPoints = ({ data, layout }: Figure): boolean =>
  data.some(({ x, y, z, source, values }) => Boolean(x?.length || y?.length || z || source || values)) || Boolean(layout.images?.length);

const spoken = (title: string, { layout }: Figure): string => [title, layout.meta?.summary].filter(Boolean).join(": ");

/** Leaves on the element what is drawn: the last step, and when it was drawn, milliseconds since 1970. */
function note(element: HTMLDivElement | null, figure: Drawing): void {
  if (!element) return;
  const step = lastStep(figure);
  if (step !== null) element.dataset.lastStep = String(step);
  element.dataset.drawnAt = (performance.timeOrigin + performance.now()).toFixed(1);
}
