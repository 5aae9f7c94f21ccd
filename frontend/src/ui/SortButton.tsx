import { UnstyledButton } from "@mantine/core";
import { ArrowDownIcon, ArrowUpIcon } from "./icons";
import classes from "./SortButton.module.css";

/** Which way a table is sorted by a column; undefined when it is sorted by another one. */
export type Order = "ascending" | "descending" | undefined;

export const orderOf = (own: boolean, descending: boolean | undefined): Order => (own ? (descending ? "descending" : "ascending") : undefined);

/** The label of a column that a table can be sorted by. */
export function SortButton({ label, order, onTurn }: { label: string; order: Order; onTurn: () => void }) {
  return (
    <UnstyledButton className={classes.sort} onClick={onTurn}>
      {label}
      {order && (order === "descending" ? <ArrowDownIcon size={12} /> : <ArrowUpIcon size={12} />)}
    </UnstyledButton>
  );
}
