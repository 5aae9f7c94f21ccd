import { Tooltip } from "@mantine/core";

import { percent } from "../format";
import { AlertIcon } from "./icons";
import classes from "./busy.module.css";

/** Says that a time is the machine's rather than the file's; why, on hover and on focus. */
export const BusyMark = ({ disturbed }: { disturbed: number | null | undefined }) => (
  <Tooltip multiline maw={320} events={{ hover: true, focus: true, touch: true }} label={`Other work of the machine disturbed ${percent(disturbed)} of the calls, so this time may not be the file's own. Nothing is concluded from it.`}>
    <span className={classes.busy} tabIndex={0}>
      <AlertIcon size={12} /> busy machine
    </span>
  </Tooltip>
);
