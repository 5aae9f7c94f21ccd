import { Text } from "@mantine/core";

import page from "../workbench.module.css";
import { CheckPanel, type CheckPanelProps } from "./CheckPanel";
import type { SpecChecked } from "../../api/types";
import { count, duration, plural } from "../../format";

interface SpecCheckProps extends Omit<CheckPanelProps, "known" | "incomplete" | "children"> {
  checked: SpecChecked | undefined;
  runs: number;
}

/** Whether the spec can run, and what it will cost. */
export default function SpecCheck({ checked, runs, ...rest }: SpecCheckProps) {
  return (
    <CheckPanel {...rest} known={checked !== undefined} incomplete={checked?.experiment === null ? "Pick a template or fill in the form." : undefined}>
      {checked?.estimate && <Cost estimate={checked.estimate} runs={runs} />}
    </CheckPanel>
  );
}

function Cost({ estimate, runs }: { estimate: NonNullable<SpecChecked["estimate"]>; runs: number }) {
  const { steps, seconds, stages = [] } = estimate;
  const total = steps == null ? "steps not known beforehand" : plural(steps, "step");
  const time = seconds == null ? "time known after a first run of this kind" : `about ${duration(seconds * runs)}`;
  return (
    <div className={page.cost}>
      <Text size="sm">
        {[total, time, runs > 1 ? `${runs} runs` : ""].filter(Boolean).join(" · ")}
      </Text>
      <dl className={page.costs} aria-label="Cost of each stage">
        {stages.map(({ label, steps }, index) => (
          <div key={`${index} ${label}`}>
            <dt>
              {index + 1}. {label}
            </dt>
            <dd>{steps == null ? "?" : steps === 0 ? "no training" : `${count(steps)} steps`}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
