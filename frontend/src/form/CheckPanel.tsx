import { Group, Loader, Text } from "@mantine/core";

import classes from "./form.module.css";
import page from "./workbench.module.css";
import type { Placed } from "./problems";
import { Sentence } from "./Sentence";
import type { SpecChecked } from "../api/types";
import { count, duration, plural } from "../format";
import { AlertIcon, CheckIcon } from "../ui/icons";

interface CheckPanelProps {
  checked: SpecChecked | undefined;
  checking: boolean;
  /** Why the check itself could not be made. */
  failure: Error | null;
  problems: readonly Placed[];
  broken: { line: number; message: string } | undefined;
  runs: number;
  onFind: (key: string) => void;
}

/** Whether the spec can run: what is wrong and where, or what it will cost. Told aloud when it changes. */
export default function CheckPanel({ checked, checking, failure, problems, broken, runs, onFind }: CheckPanelProps) {
  return (
    <div>
      <div role="status" aria-live="polite">
        <Group gap="xs" wrap="nowrap">
          <Verdict problems={problems} broken={broken} failure={failure} known={checked !== undefined} incomplete={checked?.experiment === null} />
          {checking && <Loader size={12} aria-label="Checking" />}
        </Group>
      </div>
      {broken ? (
        <Text size="sm" className={classes.error}>
          {broken.message} The form waits until that is mended.
        </Text>
      ) : (
        <ProblemList problems={problems} onFind={onFind} />
      )}
      {!broken && problems.length === 0 && checked?.estimate && <Cost estimate={checked.estimate} runs={runs} />}
    </div>
  );
}

type VerdictProps = Pick<CheckPanelProps, "problems" | "broken" | "failure"> & { known: boolean; incomplete: boolean };

function Verdict({ problems, broken, failure, known, incomplete }: VerdictProps) {
  const wrong = broken ? `Line ${broken.line} is not YAML` : problems.length > 0 ? `${plural(problems.length, "problem")} to mend` : "";
  if (wrong || failure)
    return (
      <Text fw={600} size="sm" className={classes.error}>
        <AlertIcon size={14} /> {wrong || `It could not be checked: ${failure?.message}`}
      </Text>
    );
  if (!known || incomplete)
    return (
      <Text size="sm" c="dimmed">
        {incomplete ? "Take a template, or fill in the form." : "Checking…"}
      </Text>
    );
  return (
    <Text fw={600} size="sm" className={page.ready}>
      <CheckIcon size={14} /> Ready to run
    </Text>
  );
}

function ProblemList({ problems, onFind }: Pick<CheckPanelProps, "problems" | "onFind">) {
  if (problems.length === 0) return null;
  return (
    <ul className={page.problems} aria-label="Problems">
      {problems.map(({ path, message, field }) => (
        <li key={`${path} ${message}`}>
          <button type="button" className={page.problem} onClick={() => onFind(field)}>
            {path && (
              <Text component="span" ff="monospace" size="xs" fw={600}>
                {path}{" "}
              </Text>
            )}
            <Sentence text={message} />
          </button>
        </li>
      ))}
    </ul>
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
