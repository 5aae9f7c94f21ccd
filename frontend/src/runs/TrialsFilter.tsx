import { NativeSelect } from "@mantine/core";
import { useStudies } from "../api/studies";
import { NO_STUDY } from "../api/runs";
import classes from "./runs.module.css";
import type { RunsView } from "./view";

const ALL = "";

/** Runs by whether a study began them. */
export default function TrialsFilter({ view }: { view: RunsView }) {
  const { data: studies = [] } = useStudies();
  const chosen = view.filter.study ?? ALL;
  if (studies.length === 0 && !chosen) return null;
  const unknown = chosen && chosen !== NO_STUDY && !studies.some(({ id }) => id === chosen);
  return (
    <NativeSelect
      size="xs" aria-label="Runs of studies" value={chosen} className={classes.trials} onChange={({ currentTarget }) => view.change({ study: currentTarget.value || null })}
      data={[
        { value: ALL, label: "With trials" }, { value: NO_STUDY, label: "Without trials" },
        ...studies.map(({ id, name }) => ({ value: id, label: `Trials of ${name}` })), ...(unknown ? [{ value: chosen, label: "Trials of one study" }] : []),
      ]}
    />
  );
}
