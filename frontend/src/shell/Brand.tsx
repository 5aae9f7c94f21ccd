import { Link } from "wouter";
import classes from "./Shell.module.css";

export function Brand() {
  return (
    <Link href="/" className={classes.brand} aria-label="Lathe, to the runs">
      <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="var(--mantine-color-accent-7)" />
        <path d="M7 9C11 9 11 22 17 22S22 23.5 25 23.5" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
        <circle cx="25" cy="23.5" r="2.4" fill="#fff" />
      </svg>
      <span className={classes.brandName}>Lathe</span>
    </Link>
  );
}
