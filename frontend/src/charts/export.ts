import type { Figure } from "../api/figure";

/** The figure's curves as a table: one row for each point. */
export function csv(figure: Pick<Figure, "data">): string {
  const rows = figure.data.flatMap((trace) =>
    trace.x.map((x, i) => [trace.name ?? "", trace.meta?.run ?? "", trace.meta?.metric ?? "", x, trace.y[i] ?? ""]),
  );
  return [["name", "run", "metric", "x", "y"], ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}

// A cell that begins like a formula is one to a spreadsheet: the apostrophe makes it text.
function cell(value: unknown): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lets the browser keep a text as a file. */
export function save(text: string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
