/** The table's rows: every measured artifact with its place in the answer, filtered and sorted. */

import type { TradeoffPoint, Tradeoffs } from "../api/types";

export type Standing = "best" | "meets" | "nearest" | "misses";

export interface Row extends TradeoffPoint {
  standing: Standing;
  /** Place in the answer: the qualifying ones best first, then the nearest misses, then the others. */
  rank: number;
}

/** Without a constraint every measured artifact qualifies. */
export function rowsOf(answer: Tradeoffs): Row[] {
  const meets = new Map(answer.qualifying.map((id, place) => [id, place]));
  const near = new Map((answer.nearest ?? []).map((id, place) => [id, place]));
  return answer.points
    .map((point, index) => ({ ...point, ...standing(point.artifact, index, meets, near) }))
    .sort((a, b) => a.rank - b.rank);
}

function standing(id: string, index: number, meets: Map<string, number>, near: Map<string, number>): Pick<Row, "standing" | "rank"> {
  const place = meets.get(id);
  if (place !== undefined) return { standing: place === 0 ? "best" : "meets", rank: place };
  const miss = near.get(id);
  if (miss !== undefined) return { standing: "nearest", rank: meets.size + miss };
  return { standing: "misses", rank: meets.size + near.size + index };
}

export interface Sort {
  /** A measured field, `run`, `stage`, or empty for the answer's own order. */
  by: string;
  descending: boolean;
}

/** "-bytes" is bytes, largest first. */
export function sortFrom(text: string | null): Sort {
  return { by: (text ?? "").replace(/^-/, ""), descending: text?.startsWith("-") ?? false };
}

export function sortText({ by, descending }: Sort): string {
  return descending && by ? `-${by}` : by;
}

/** The sort after a click on a column: upwards, downwards, then the answer's own order again. */
export function turned(sort: Sort, by: string): Sort {
  if (sort.by !== by) return { by, descending: false };
  return sort.descending ? { by: "", descending: false } : { by, descending: true };
}

/** What was not measured comes last, whichever way the rest is sorted. */
export function sorted(rows: readonly Row[], { by, descending }: Sort): Row[] {
  if (!by) return [...rows];
  const sign = descending ? -1 : 1;
  const key = (row: Row): string | number | undefined =>
    by === "run" ? `${row.run_name} ${row.seed}` : by === "stage" ? row.stage : row.values[by];
  return [...rows].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    const order = typeof left === "string" ? left.localeCompare(String(right), "en", { numeric: true }) : left - Number(right);
    return sign * order || a.rank - b.rank;
  });
}

/** The rows as CSV: the data set, names and numbers as they were measured, units in the heading. */
export function csvOf(rows: readonly Row[], units: Record<string, string>, dataset: string): string {
  const fields = Object.keys(units);
  const head = ["dataset", "run", "name", "seed", "stage", "label", "exporter", "artifact", "front", "standing", "test samples", "accuracy from", "accuracy to", ...fields.map((field) => heading(field, units[field]))];
  const lines = rows.map((row) => [
    dataset, row.run_id, row.run_name, row.seed, row.stage, row.label, row.exporter, row.artifact, row.front, row.standing,
    row.samples ?? "", row.interval?.low ?? "", row.interval?.high ?? "",
    ...fields.map((field) => row.values[field] ?? ""),
  ]);
  return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n");
}

function heading(field: string, unit: string | undefined): string {
  return unit ? `${field} (${unit})` : field;
}

// A cell that begins like a formula is one to a spreadsheet: the apostrophe makes it text.
function cell(value: string | number | boolean): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
