declare module "plotly.js-cartesian-dist-min" {
  import type { Layout, Trace } from "@/api/figure";

  export interface PlotHandle extends HTMLDivElement {
    on(event: "plotly_hover", handler: (event: { points: { data: Trace }[] }) => void): void;
    on(event: "plotly_click", handler: (event: { points: { data: Trace; customdata?: unknown }[] }) => void): void;
    on(event: "plotly_selected", handler: (event: { range?: { x: [number, number]; y: [number, number] } } | undefined) => void): void;
    on(event: "plotly_deselect", handler: () => void): void;
    on(event: "plotly_unhover", handler: () => void): void;
    removeAllListeners(event: string): void;
  }

  interface Picture {
    format: "png" | "svg";
    filename?: string;
    width?: number;
    height?: number;
    scale?: number;
  }

  interface Plotly {
    react(element: HTMLElement, data: Trace[], layout: Layout, config: Record<string, unknown>): Promise<PlotHandle>;
    purge(element: HTMLElement): void;
    downloadImage(element: HTMLElement, picture: Picture): Promise<string>;
    Plots: { resize(element: HTMLElement): Promise<void> | void };
  }

  const plotly: Plotly;
  export default plotly;
}
