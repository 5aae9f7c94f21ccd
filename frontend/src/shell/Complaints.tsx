import { ApiError } from "../api/client";
import { useWorkers } from "../api/workers";
import { AlertIcon } from "../ui/icons";
import classes from "./Shell.module.css";

/** What the server lacks to do its work, in its own words, for as long as that is so; nothing when all is well. */
export function Complaints() {
  const { data, error } = useWorkers();
  const refused = error instanceof ApiError && error.status >= 500;
  // That no worker is there stands beside the queue already.
  const lacking = (data?.complaints ?? []).filter(({ name }) => name !== "workers").map(({ sentence }) => sentence);
  const sentences = refused ? [error.message] : lacking;
  return (
    <div role="status" aria-label="What the server lacks">
      {sentences.map((sentence) => (
        <p key={sentence} className={classes.complaint}>
          <AlertIcon size={15} />
          {sentence}
        </p>
      ))}
    </div>
  );
}
