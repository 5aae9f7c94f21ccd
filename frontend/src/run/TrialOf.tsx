import { Link } from "wouter";
import { useStudy } from "../api/studies";
import classes from "./run.module.css";

/** Which trial of which study the run is. */
export default function TrialOf({ study, trial }: { study: string; trial: number | null }) {
  const { data } = useStudy(study);
  return (
    <div className={classes.facts}>
      <span>
        {trial === null ? "Of study" : `Trial ${trial} of study`} <Link href={`/studies/${study}`}>{data?.name ?? "…"}</Link>
      </span>
    </div>
  );
}
