import type { PlotHandle } from "plotly.js-cartesian-dist-min";
import type { Figure } from "../api/figure";
import { importer } from "../ui/importer";

export type Drawing = Pick<Figure, "data" | "layout">;
type Plotly = (typeof import("plotly.js-cartesian-dist-min"))["default"];

export interface Box {
  x: [number, number];
  y: [number, number];
}

export interface DrawerEvents {
  onDrawn?: (drawing: Drawing) => void;
  onFailed?: (error: Error) => void;
  onHoverRun?: (run: string | null) => void;
  /** A marker was clicked: what the figure says about it. */
  onPick?: (about: unknown) => void;
  /** A box was drawn, in a figure that says that boxes are; null when it was taken away. */
  onBox?: (box: Box | null) => void;
}

/** Plotly, loaded once, while the first figure is on its way. */
export const plotly = importer<Plotly>(() => import("plotly.js-cartesian-dist-min").then((module) => module.default));

/** After a drawing the main thread is left alone as long as that took, this many milliseconds at most. */
const LONGEST_REST = 100;

const waiting: (() => Promise<void>)[] = [];
let busy = false;

/** One chart a frame, and half of the time at most: a page that is watched must answer, and leave something to the training. */
function queue(paint: () => Promise<void>): void {
  waiting.push(paint);
  if (!busy) turn();
}

function turn(): void {
  const paint = waiting.shift();
  busy = paint !== undefined;
  if (paint) requestAnimationFrame((from) => void paint().finally(() => setTimeout(turn, Math.min(performance.now() - from, LONGEST_REST))));
}

/** Draws figures into one element: the latest asked for, once a frame at most, and slower when drawing is slow. */
export class Drawer {
  private wanted: (() => Drawing) | null = null;
  private scheduled = false;
  private drawing = false;
  private heard = false;
  private closed = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly events: () => DrawerEvents,
  ) {}

  /** `drawing` is made when its turn to be drawn comes; one that is overtaken never is. */
  draw(drawing: () => Drawing): void {
    this.wanted = drawing;
    this.schedule();
  }

  async resize(): Promise<void> {
    if (this.heard && this.element.offsetWidth > 0) await (await plotly()).Plots.resize(this.element);
  }

  async download(format: "png" | "svg", filename: string): Promise<void> {
    const { offsetWidth: width, offsetHeight: height } = this.element;
    await (await plotly()).downloadImage(this.element, { format, filename, width, height, scale: 2 });
  }

  close(): void {
    this.closed = true;
    if (this.heard) void plotly().then((Plotly) => Plotly.purge(this.element));
  }

  private schedule(): void {
    if (this.scheduled || this.drawing || this.closed) return;
    this.scheduled = true;
    queue(() => this.paint());
  }

  private async paint(): Promise<void> {
    this.scheduled = false;
    const wanted = this.wanted;
    if (!wanted || this.closed) return;
    this.wanted = null;
    this.drawing = true;
    try {
      await this.react(wanted());
    } catch (error) {
      this.events().onFailed?.(error as Error);
    } finally {
      this.drawing = false;
    }
    if (this.wanted) this.schedule();
  }

  private async react(drawing: Drawing): Promise<void> {
    const Plotly = await plotly();
    if (this.closed) return;
    const layout = touched() ? { ...drawing.layout, dragmode: false } : drawing.layout;
    this.listen(await Plotly.react(this.element, drawing.data, layout, CONFIG));
    this.events().onDrawn?.(drawing);
  }

  private listen(handle: PlotHandle): void {
    if (this.heard) return;
    this.heard = true;
    handle.on("plotly_hover", ({ points }) => this.events().onHoverRun?.(points[0]?.data.meta?.run ?? null));
    handle.on("plotly_click", ({ points }) => pick(points[0]?.customdata, this.events().onPick));
    handle.on("plotly_selected", (box) => box?.range && this.events().onBox?.(box.range));
    handle.on("plotly_deselect", () => this.events().onBox?.(null));
    handle.on("plotly_unhover", () => this.events().onHoverRun?.(null));
  }
}

/** The number 0 says something, too. */
function pick(about: unknown, tell: DrawerEvents["onPick"]): void {
  if (about !== undefined && about !== null) tell?.(about);
}

const CONFIG = { displayModeBar: false, doubleClick: "reset+autosize", responsive: false, showTips: false };

/** A finger that moves over a chart scrolls the page. */
const touched = (): boolean => window.matchMedia("(pointer: coarse)").matches;
