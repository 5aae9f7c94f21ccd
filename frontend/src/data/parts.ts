/** Files as the parts of the form that the server takes. */

import type { Parts } from "../api/uploads";

/** One file goes as it is; of two, the one that is called after targets or labels holds the targets. Throws a sentence. */
export function partsOf(files: readonly File[], options: Readonly<Record<string, string>>): Parts {
  const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value.trim() !== ""));
  const [first, second] = files;
  if (first && !second) return { ...said, file: first };
  if (files.length !== 2) throw new Error("Send one file, or two: one of inputs and one of targets.");
  const targets = files.filter(({ name }) => /target|label|(^|[^a-z])y([^a-z]|$)/i.test(name.replace(/\.[^.]*$/, "")));
  if (targets.length !== 1) throw new Error("Of two files, one must have “targets” or “labels” in its name, so that it is clear which it is.");
  const inputs = files.find((file) => file !== targets[0])!;
  return { ...said, inputs, targets: targets[0]! };
}

export const sizeOf = (files: readonly File[]): number => files.reduce((sum, { size }) => sum + size, 0);
