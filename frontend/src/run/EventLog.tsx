import { Button, Center, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useEvents } from "../api/runs";
import type { StreamEvent } from "../api/types";
import { moment } from "../format";
import { Failure } from "../ui/Failure";
import { SearchIcon } from "../ui/icons";
import { Loading } from "../ui/Loading";
import classes from "./run.module.css";
import { sentence, tone } from "./words";

const SHOWN = 60;

/** Everything that happened to the run, newest first. */
export function EventLog({ id }: { id: string }) {
  const { data, error, refetch } = useEvents(id);
  const [text, setText] = useState("");
  const [most, setMost] = useState(SHOWN);
  if (error && !data) return <Failure what="The log" error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the log" height={120} />;
  const found = matching(data, text);
  return (
    <>
      <TextInput
        size="xs"
        type="search"
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        placeholder="Search the log"
        aria-label="Search the log"
        leftSection={<SearchIcon size={14} />}
        className={classes.logSearch}
      />
      <ol className={classes.log} aria-label="Events, newest first">
        {found.slice(0, most).map((event) => (
          <li key={event.seq} className={classes.event} data-tone={tone(event)}>
            <time dateTime={event.at}>{moment(event.at).slice(11)}</time>
            <span>{sentence(event)}</span>
          </li>
        ))}
      </ol>
      {found.length === 0 && (
        <Text size="sm" c="dimmed" ta="center" p="md">
          {text ? "No event says that." : "Nothing has happened yet."}
        </Text>
      )}
      {found.length > most && (
        <Center>
          <Button size="xs" variant="subtle" onClick={() => setMost(most + 10 * SHOWN)}>
            Show older events
          </Button>
        </Center>
      )}
    </>
  );
}

function matching(events: StreamEvent[], text: string): StreamEvent[] {
  const wanted = text.trim().toLowerCase();
  // An exhibit is seen where it is drawn; some come every few steps.
  const told = events.filter(({ kind }) => kind !== "exhibit");
  return told.filter((event) => !wanted || sentence(event).toLowerCase().includes(wanted)).reverse();
}
