import { TextInput } from "@mantine/core";
import { useState } from "react";
import { describeBudget } from "./words";
import { Dialog, type DialogProps } from "./Dialog";

const LIMITS = { trials: "More trials", hours: "More hours", joules: "More joules" } as const;

/** A larger budget, in what it is counted in. */
export default function Extend({ study, onClose }: DialogProps) {
  const limits = (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).filter((limit) => study.budget[limit] != null);
  const [typed, setTyped] = useState<Record<string, string>>(limits[0] === "trials" ? { trials: "10" } : {});
  const more = Object.fromEntries(limits.flatMap((limit) => (Number(typed[limit]) > 0 ? [[limit, Number(typed[limit])]] : [])));
  return (
    <Dialog
      study={study} onClose={onClose} title="Extend the study" kind="extend" go="Extend" what={Object.keys(more).length > 0 ? more : undefined}
      about={limits.length > 0 ? `The budget is ${describeBudget(study.budget)}. The search goes on with all that it has learnt.` : "The study has no budget: its sampler tries every point once."}
    >
      {limits.map((limit, index) => (
        <TextInput
          key={limit} label={LIMITS[limit]} inputMode="decimal" autoComplete="off" data-autofocus={index === 0 || undefined} value={typed[limit] ?? ""}
          error={typed[limit] && !(Number(typed[limit]) > 0) ? "Write a number above 0." : undefined}
          onChange={({ currentTarget }) => setTyped({ ...typed, [limit]: currentTarget.value })}
        />
      ))}
    </Dialog>
  );
}
