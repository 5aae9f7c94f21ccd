import type { ReactNode } from "react";

import classes from "./run.module.css";

/** A line below the value of a cell. */
export const Sub = ({ children }: { children: ReactNode }) => <div className={classes.sub}>{children}</div>;
