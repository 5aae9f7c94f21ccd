import { Checkbox } from "@mantine/core";
import { useState } from "react";
import type { Dimension } from "../api/studies";
import { NumberBox } from "../form/fields/NumberBox";
import { describeRange } from "./assign";
import { Dialog, type DialogProps } from "./Dialog";
import classes from "./study.module.css";
import { held } from "./words";

/** A smaller space: new ends of ranges, fewer choices. */
export default function Narrow({ study, onClose }: DialogProps) {
  const [changed, setChanged] = useState<Record<string, Dimension>>({});
  const space = study.study.space.flatMap(({ field }) => changed[field] ?? []);
  return (
    <Dialog
      study={study} onClose={onClose} title="Narrow the space" kind="narrow" go="Narrow" what={space.length > 0 ? { space } : undefined}
      about="From now on the study draws from less. What has been tried is kept."
    >
      <div className={classes.fields}>
        {study.study.space.map((dimension) => (
          <Less
            key={dimension.field} before={dimension} now={changed[dimension.field] ?? dimension}
            onChange={(now) => setChanged({ ...changed, [dimension.field]: now })}
          />
        ))}
      </div>
    </Dialog>
  );
}

function Less({ before, now, onChange }: { before: Dimension; now: Dimension; onChange: (now: Dimension) => void }) {
  if (!before.choice)
    return (
      <fieldset className={classes.field}>
        <legend>{before.field}</legend>
        <span className={classes.sub}>Now {describeRange(before)}.</span>
        <div className={classes.ends}>
          <NumberBox label="Low" value={now.low} onChange={(low) => onChange({ ...now, low: low as number })} />
          <NumberBox label="High" value={now.high} onChange={(high) => onChange({ ...now, high: high as number })} />
        </div>
      </fieldset>
    );
  const kept = new Set(now.choice);
  return (
    <fieldset className={classes.field}>
      <legend>{before.field}</legend>
      <div className={classes.checks}>
        {before.choice.map((one) => (
          <Checkbox
            key={JSON.stringify(one)} label={held(one)} checked={kept.has(one)} disabled={kept.size === 1 && kept.has(one)}
            onChange={({ currentTarget }) => onChange({ ...now, choice: before.choice!.filter((other) => (other === one ? currentTarget.checked : kept.has(other))) })}
          />
        ))}
      </div>
    </fieldset>
  );
}
