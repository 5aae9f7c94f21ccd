import { Paper, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import classes from "./run.module.css";

/** A card with a heading. */
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const heading = useId();
  return (
    <Paper component="section" aria-labelledby={heading} className={classes.section}>
      <header className={classes.sectionHeader}>
        <Title order={2} id={heading}>
          {title}
        </Title>
        {aside}
      </header>
      {children}
    </Paper>
  );
}
