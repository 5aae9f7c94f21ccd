/** The models that runs have left, as a person chooses among them. */

import type { RunRow } from "../../api/types";

export interface Choice {
  value: string;
  label: string;
}

/** For each run the model of its last finished stage, written as the run's id, then those of its earlier stages. What is
 * `chosen` already can always be kept. */
export function models(runs: readonly RunRow[], chosen: readonly string[]): Choice[] {
  const found = runs.flatMap((run) => {
    const done = run.stages.filter(({ state }) => state === "done").reverse();
    const name = `${run.name} · seed ${run.seed} · ${run.id.slice(0, 8)}`;
    return done.map(({ index, label }, place) => ({
      value: place === 0 ? run.id : `${run.id}:${index}`,
      label: place === 0 ? name : `${name} · after ${label}`,
    }));
  });
  const known = new Set(found.map(({ value }) => value));
  const others = chosen.filter((value) => value !== "" && !known.has(value));
  return [...found, ...others.map((value) => ({ value, label: value }))];
}
