import type { Picture as Shape } from "./shapes";
import { bounds, polyline } from "./shapes";
import classes from "./catalog.module.css";

const WIDTH = 220;
const HEIGHT = 88;
const MARGIN = 6;

/** A component's picture: what it does, computed with the component itself. It says nothing that the words do not. */
export function Picture({ picture }: { picture: Shape }) {
  return (
    <svg className={classes.picture} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {picture.lines && <Lines lines={picture.lines} />}
      {picture.bars && <Bars bars={picture.bars} />}
      {picture.cells && <Cells grids={picture.cells} />}
    </svg>
  );
}

function Lines({ lines }: { lines: NonNullable<Shape["lines"]> }) {
  const around = bounds(lines);
  return lines.map((line, index) => (
    <polyline key={index} className={line.faint ? classes.faint : classes.strong} points={polyline(line, around, { width: WIDTH, height: HEIGHT, margin: MARGIN })} />
  ));
}

function Bars({ bars }: { bars: NonNullable<Shape["bars"]> }) {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const step = (WIDTH - 2 * MARGIN) / bars.length;
  const wide = Math.min(step * 0.72, 34);
  return bars.map(({ label, value }, index) => {
    const tall = Math.max((value / most) * (HEIGHT - 2 * MARGIN), 1);
    return <rect key={label} className={classes.bar} x={MARGIN + index * step + (step - wide) / 2} y={HEIGHT - MARGIN - tall} width={wide} height={tall} rx={1.5} />;
  });
}

function Cells({ grids }: { grids: number[][][] }) {
  const rows = Math.max(...grids.map((grid) => grid.length));
  const columns = grids.reduce((sum, grid) => sum + (grid[0]?.length ?? 0) + 1, -1);
  const size = Math.min((WIDTH - 2 * MARGIN) / columns, (HEIGHT - 2 * MARGIN) / rows);
  const left = (WIDTH - size * columns) / 2;
  const top = (HEIGHT - size * rows) / 2;
  let from = 0;
  return grids.map((grid, index) => {
    const start = from;
    from += (grid[0]?.length ?? 0) + 1;
    return (
      <g key={index} transform={`translate(${left + start * size} ${top}) scale(${size})`}>
        <rect className={classes.ground} width={grid[0]?.length ?? 0} height={grid.length} />
        {grid.flatMap((row, y) => row.map((shade, x) => (shade > 0 ? <rect key={`${x} ${y}`} className={classes.cell} x={x} y={y} width={1.02} height={1.02} opacity={shade} /> : null)))}
      </g>
    );
  });
}
