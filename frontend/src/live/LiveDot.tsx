import { Tooltip } from "@mantine/core";
import { ago } from "../format";
import { useFeedState } from "./hooks";
import { useNow } from "../ui/clock";
import classes from "./LiveDot.module.css";

const WORDS = {
  connecting: "connecting",
  live: "live",
  resting: "resting",
  lost: "reconnecting",
  events: "catching up",
  rows: "catching up",
} as const;

const MEANING = {
  connecting: "The live stream is being opened.",
  live: "Changes appear by themselves.",
  resting: "This tab was hidden: it catches up when it is shown.",
  lost: "Lathe does not answer. What you see stays; the curves continue without a gap when it is back.",
  events: "The table is live, but points and events do not come in: the charts are fetched again every two seconds.",
  rows: "Points come in, but the table stands still: it is fetched again every two seconds.",
} as const;

/** Whether what is shown is live, and how old it is. */
export function LiveDot() {
  const { status, missing, updatedAt } = useFeedState();
  const shown = status === "live" ? (missing ?? "live") : status;
  const now = useNow();
  const age = updatedAt === null ? null : Math.max(0, (now - updatedAt) / 1000);
  return (
    <Tooltip label={MEANING[shown]}>
      <span className={classes.live} data-status={shown} role="status" aria-live="off">
        <span className={classes.dot} />
        <span className={classes.word}>{WORDS[shown]}</span>
        {age !== null && <span className={classes.age}> · updated {ago(age)}</span>}
      </span>
    </Tooltip>
  );
}
