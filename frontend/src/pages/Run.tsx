import { useDocumentTitle } from "@mantine/hooks";
import { Suspense } from "react";
import { ApiError } from "../api/client";
import { useCounterfactuals } from "../api/counterfactuals";
import { useEvents, useRun } from "../api/runs";
import type { RunDetail } from "../api/types";
import { useWatch } from "../live/hooks";
import { Curves, RunChart } from "../run/Curves";
import { Details } from "../run/Details";
import { Endangered } from "../run/Endangered";
import { Header } from "../run/Header";
import { Insights } from "../run/Insights";
import { made } from "../run/commands";
import { Results } from "../run/Results";
import classes from "../run/run.module.css";
import { Timeline } from "../run/Timeline";
import { Diagnostics } from "../run/Diagnostics";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { later } from "../ui/later";

const Steering = later("The steering", () => import("../run/Steering"));
const Commands = later("The commands", () => import("../run/Commands"));
const Lineage = later("The lineage", () => import("../run/Lineage"));

export default function Run({ id }: { id: string }) {
  const { data, error, refetch } = useRun(id);
  if (error instanceof ApiError && error.status === 404)
    return (
      <Empty title="This run is not here" action={{ label: "To the runs", href: "/" }} height={480}>
        It may have been deleted, or the link may be cut short.
      </Empty>
    );
  if (error && !data)
    return (
      <div className={classes.page}>
        <Failure what="The run" error={error} retry={() => void refetch()} />
      </div>
    );
  if (!data) return <Loading what="the run" height={480} />;
  return <RunPage run={data} />;
}

function RunPage({ run }: { run: RunDetail }) {
  useDocumentTitle(`${run.name} · Lathe`);
  const counterfactuals = useCounterfactuals(run);
  useWatch([run, ...counterfactuals]);
  const { data: events = [] } = useEvents(run.id);
  return (
    <div className={classes.page}>
      <Header run={run} />
      <Endangered run={run} />
      <Timeline run={run} events={events} />
      <Diagnostics events={events} />
      {run.state === "running" || run.state === "paused" ? (
        <Suspense fallback={null}>
          <Steering run={run} events={events} />
        </Suspense>
      ) : null}
      {made(events).length > 0 && (
        <Suspense>
          <Commands run={run} events={events} counterfactuals={counterfactuals} />
        </Suspense>
      )}
      <Curves run={run} counterfactuals={counterfactuals} />
      <Insights run={run} />
      <Results run={run} />
      {run.results.length > 0 && (
        <div className={classes.pair}>
          <RunChart chart="pareto" title="Accuracy against size" run={run} height={460} empty="No written file has been measured yet." />
          <RunChart chart="stage_costs" title="What each stage costs" run={run} height={460} minWidth={560} empty="No stage has ended yet." />
        </div>
      )}
      {(run.relatives?.length ?? 0) > 0 && (
        <Suspense>
          <Lineage run={run} />
        </Suspense>
      )}
      <Details run={run} />
    </div>
  );
}
