/** Files as the parts of the form that the server takes. */

import type { Part } from "../api/uploads";
import type { Chosen } from "./chosen";

export type Options = Readonly<Record<string, string>>;

/** One file goes as it is; of two, the one that is called after targets or labels holds the targets; files in folders go
 *  together, each under its path. Throws a sentence. */
export function partsOf(chosen: readonly Chosen[], options: Options): Part[] {
  const said = Object.entries(options).filter(([, value]) => value.trim() !== "");
  const [first, second] = chosen;
  if (isFolder(chosen)) return [...said, ...chosen.map(({ file, path }): Part => ["files", file, path])];
  if (first && !second) return [...said, ["file", first.file]];
  if (chosen.length !== 2) throw new Error("Send one file, two arrays of inputs and targets, or a folder with a folder of pictures for each class.");
  const targets = chosen.filter(({ path }) => /target|label|(^|[^a-z])y([^a-z]|$)/i.test(path.replace(/\.[^.]*$/, "")));
  if (targets.length !== 1) throw new Error("Of two files, one must have “targets” or “labels” in its name, so that it is clear which it is.");
  const inputs = chosen.find((one) => one !== targets[0])!;
  return [...said, ["inputs", inputs.file], ["targets", targets[0]!.file]];
}

/** Whether they lie in folders, as pictures do. */
export const isFolder = (chosen: readonly Chosen[]): boolean => chosen.some(({ path }) => path.includes("/"));

export const sizeOf = (chosen: readonly Chosen[]): number => chosen.reduce((sum, { file }) => sum + file.size, 0);

/** "own.csv", "x.npy and y.npy", or "flowers (600 files)". */
export function nameOf(chosen: readonly Chosen[]): string {
  if (!isFolder(chosen)) return chosen.map(({ path }) => path).join(" and ");
  return `${chosen[0]!.path.split("/")[0]} (${chosen.length.toLocaleString("en")} files)`;
}
