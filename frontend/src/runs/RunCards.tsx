import { Link } from "wouter";
import { number, percent } from "../format";
import { Ago } from "../ui/Ago";
import { queued, remaining, trained } from "../ui/progress";
import { StateBadge } from "../ui/StateBadge";
import { Stages } from "../ui/Stages";
import { about } from "./columns";
import { RowMenu } from "./RowMenu";
import classes from "./runs.module.css";
import { Pick, type RunListProps } from "./RunsTable";

/** The same list where a table has no room. */
export function RunCards({ runs, view, drawn }: RunListProps) {
  return (
    <ul className={classes.cards}>
      {runs.map((run) => {
        const left = remaining(run) ?? queued(run);
        return (
          <li key={run.id} data-row className={classes.card}>
            <Pick run={run} view={view} drawn={drawn} />
            <div className={classes.cardBody}>
              <Link href={`/runs/${run.id}`} className={classes.link}>
                {run.name}
              </Link>
              <div className={classes.sub}>{about(run)}</div>
              <div className={classes.cardLine}>
                <StateBadge state={run.state} />
                <Stages run={run} />
                {left !== null && <span className={classes.sub}>{left}</span>}
              </div>
              <div className={classes.cardLine}>
                <span className={classes.sub}>
                  accuracy <b>{percent(run.latest["validation/accuracy"])}</b> · loss <b>{number(run.latest["train/loss"])}</b> · trained{" "}
                  <b>{trained(run.active_seconds)}</b> ·{" "}
                  <Ago at={run.created_at} />
                </span>
              </div>
            </div>
            <RowMenu run={run} />
          </li>
        );
      })}
    </ul>
  );
}
