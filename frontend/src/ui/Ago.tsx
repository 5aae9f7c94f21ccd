import { Tooltip } from "@mantine/core";
import { ago, moment } from "../format";
import { useNow } from "./clock";

/** A moment as "5 min ago"; the moment itself when it is pointed at. */
export function Ago({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <>–</>;
  return (
    <Tooltip label={moment(at)}>
      <time dateTime={at}>{ago(Math.max(0, (now - Date.parse(at)) / 1000))}</time>
    </Tooltip>
  );
}
