import { Button, Center, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { awaited } from "../api/awaited";
import { useLog } from "../api/runs";
import type { StreamEvent } from "../api/types";
import { count, moment } from "../format";
import { Failure } from "../ui/Failure";
import { SearchIcon } from "../ui/icons";
import { Loading } from "../ui/Loading";
import classes from "./run.module.css";
import { sentence, tone } from "./words";

/** Everything that happened to the run, newest first. */
export function EventLog({ id }: { id: string }) {
  const query = useLog(id);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query;
  const [text, setText] = useState("");
  if (error && !data) return <Failure what="The log" error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the log" height={120} />;
  const loaded = data.pages.flat();
  const found = matching(loaded, text);
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
        {found.map((event) => (
          <li key={event.seq} className={classes.event} data-tone={tone(event)}>
            <time dateTime={event.at}>{moment(event.at).slice(11)}</time>
            <span>{sentence(event)}</span>
          </li>
        ))}
      </ol>
      {loaded.length === 0 && awaited(query) ? (
        <Loading what="the log" height={120} />
      ) : (found.length === 0 || (text && hasNextPage)) && (
        <Text size="sm" c="dimmed" ta="center" p="md">
          {said(loaded.length, text, found.length, hasNextPage)}
        </Text>
      )}
      {hasNextPage && (
        <Center>
          <Button size="xs" variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Load older events
          </Button>
        </Center>
      )}
    </>
  );
}

function matching(events: StreamEvent[], text: string): StreamEvent[] {
  const wanted = text.trim().toLowerCase();
  return wanted ? events.filter((event) => sentence(event).toLowerCase().includes(wanted)) : events;
}

/** What was searched, since older events are not searched before they are loaded. */
function said(loaded: number, text: string, found: number, more: boolean): string {
  if (!text) return "No events yet.";
  const where = more ? ` among the newest ${count(loaded)}` : "";
  return found ? `These are the ones${where}; older events are searched once they are loaded.` : `No event${where} says that.`;
}
