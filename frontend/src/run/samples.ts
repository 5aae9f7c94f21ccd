/** Samples on their way to a run's files. */

const TYPES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  bmp: "image/bmp",
  tif: "image/tiff",
  tiff: "image/tiff",
  csv: "text/csv",
  txt: "text/plain",
  npy: "application/octet-stream",
};

export const ACCEPTED = Object.keys(TYPES).map((suffix) => `.${suffix}`).join(",");

/** The content type of a file, by its name. Throws a sentence for one that is not taken. */
export function typeOf(name: string): string {
  const type = TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""];
  if (!type) throw new Error(`“${name}” is not taken here: send a picture, a table as CSV, a text or an NPY file.`);
  return type;
}

const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** A table of one row, with the names of its columns. */
export const csv = (row: Readonly<Record<string, string>>): string =>
  [Object.keys(row), Object.values(row)].map((cells) => cells.map(quoted).join(",")).join("\n");

/** The most probable names of an answer, the best first. */
export function best(outputs: readonly number[], names: readonly string[], most = 3): { name: string; share: number }[] {
  return outputs
    .map((share, place) => ({ name: names[place] ?? String(place), share }))
    .sort((one, other) => other.share - one.share)
    .slice(0, most);
}
