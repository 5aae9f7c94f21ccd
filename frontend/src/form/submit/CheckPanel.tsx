import { Group, Loader, Text } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "../form.module.css";
import page from "../workbench.module.css";
import type { Placed } from "../tree/problems";
import { Sentence } from "../../ui/Sentence";
import { plural } from "../../format";
import { AlertIcon, CheckIcon } from "../../ui/icons";

export interface CheckPanelProps {
  /** Whether an answer has come. */
  known: boolean;
  /** Whether there is too little of it to say anything, and what to do then. */
  incomplete: string | undefined;
  checking: boolean;
  /** Why the check itself could not be made. */
  failure: Error | null;
  problems: readonly Placed[];
  broken: { line: number; message: string } | undefined;
  onFind: (key: string) => void;
  /** What is said of it when nothing is wrong. */
  children?: ReactNode;
}

/** Whether the document can run: what is wrong and where, or what there is to say of it. Told aloud when it changes. */
export function CheckPanel({ known, incomplete, checking, failure, problems, broken, onFind, children }: CheckPanelProps) {
  return (
    <div>
      <div role="status" aria-live="polite">
        <Group gap="xs" wrap="nowrap">
          <CheckResult problems={problems} broken={broken} failure={failure} known={known} incomplete={incomplete} />
          {checking && <Loader size={12} aria-label="Checking" />}
        </Group>
      </div>
      {broken ? (
        <Text size="sm" className={classes.error}>
          {broken.message} The form waits until that is fixed.
        </Text>
      ) : (
        <ProblemList problems={problems} onFind={onFind} />
      )}
      {!broken && problems.length === 0 && children}
    </div>
  );
}

type CheckResultProps = Pick<CheckPanelProps, "problems" | "broken" | "failure" | "known" | "incomplete">;

function CheckResult({ problems, broken, failure, known, incomplete }: CheckResultProps) {
  const wrong = broken ? `Line ${broken.line} is not YAML` : problems.length > 0 ? `${plural(problems.length, "problem")} to fix` : "";
  if (wrong || failure)
    return (
      <Text fw={600} size="sm" className={classes.error}>
        <AlertIcon size={14} /> {wrong || `It could not be checked: ${failure?.message}`}
      </Text>
    );
  if (!known || incomplete)
    return (
      <Text size="sm" c="dimmed">
        {incomplete ?? "Checking…"}
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
