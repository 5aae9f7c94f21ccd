import { Tooltip } from "@mantine/core";
import { ago } from "../format";
import { useFeedState } from "../live/hooks";
import { useNow } from "./clock";
import classes from "./LiveDot.module.css";

const WORDS = {
  connecting: "connecting",
  live: "live",
  resting: "resting",
  lost: "reconnecting",
} as const;

const MEANING = {
  connecting: "The live stream is being opened.",
  live: "Changes appear by themselves.",
  resting: "This tab was hidden: it catches up when it is shown.",
  lost: "Lathe does not answer. What you see stays; the curves continue without a gap when it is back.",
} as const;

/** Whether what is shown is live, and how old it is. */
export function LiveDot() {
  const { status, updatedAt } = useFeedState();
  const now = useNow();
  const age = updatedAt === null ? null : Math.max(0, (now - updatedAt) / 1000);
  return (
    <Tooltip label={MEANING[status]}>
      <span className={classes.live} data-status={status} role="status" aria-live="off">
        <span className={classes.dot} />
        <span className={classes.word}>{WORDS[status]}</span>
        {age !== null && <span className={classes.age}> · updated {ago(age)}</span>}
      </span>
    </Tooltip>
  );
}
