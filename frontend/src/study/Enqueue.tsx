import { Select } from "@mantine/core";
import { useState } from "react";
import type { Assignment, Dimension } from "../api/studies";
import type { Json } from "../form/tree/schema";
import { NumberBox } from "../form/fields/NumberBox";
import { applied, filled, describeRange } from "./assign";
import { Dialog, type DialogProps } from "./Dialog";
import classes from "./study.module.css";
import { held } from "./words";

/** One trial that a person wants: a value for each field that applies, the best one's to begin with. */
export default function Enqueue({ study, onClose }: DialogProps) {
  const { space } = study.study;
  const [typed, setTyped] = useState<Assignment>(() => filled(space, study.best?.assignment ?? {}));
  const values = applied(space, typed);
  return (
    <Dialog
      study={study} onClose={onClose} title="Try this next" kind="enqueue" go="Try this next" what={{ values }}
      about={study.best ? "What the best trial holds; change what you want tried. It begins before any other." : "It begins before any other trial."}
    >
      <div className={classes.fields}>
        {space
          .filter(({ field }) => field in values)
          .map((dimension) => (
            <Value key={dimension.field} dimension={dimension} value={values[dimension.field]} onChange={(value) => setTyped({ ...typed, [dimension.field]: value })} />
          ))}
      </div>
    </Dialog>
  );
}

function Value({ dimension, value, onChange }: { dimension: Dimension; value: unknown; onChange: (value: unknown) => void }) {
  const { field, choice } = dimension;
  if (choice) {
    const at = choice.findIndex((one) => JSON.stringify(one) === JSON.stringify(value));
    return (
      <Select
        label={field} data={choice.map((one, index) => ({ value: String(index), label: held(one) }))} value={String(at)} allowDeselect={false}
        onChange={(chosen) => chosen !== null && onChange(choice[Number(chosen)])}
      />
    );
  }
  return <NumberBox label={field} about={`${describeRange(dimension)}.`} value={value as Json} onChange={(typed) => onChange(typed ?? "")} />;
}
