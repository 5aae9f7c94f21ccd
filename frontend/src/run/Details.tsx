import { Paper, Tabs } from "@mantine/core";
import { Suspense } from "react";
import type { RunDetail } from "../api/types";
import { Loading } from "../ui/Loading";
import { useUrlState } from "../ui/url";
import { Artifacts } from "./Artifacts";
import { EventLog } from "./EventLog";
import classes from "./run.module.css";
import { later } from "../ui/later";

const TryIt = later("Try it", () => import("./TryIt"));
const SpecText = later("The spec", () => import("./SpecText"));

/** The log, the files, a trial of them and the spec, one at a time. */
export function Details({ run }: { run: RunDetail }) {
  const [params, change] = useUrlState();
  return (
    <Paper className={classes.section}>
      <Tabs value={params.get("tab") ?? "log"} onChange={(tab) => change({ tab: tab === "log" ? null : tab })} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="log">Log</Tabs.Tab>
          <Tabs.Tab value="files">Files ({run.artifacts.length})</Tabs.Tab>
          <Tabs.Tab value="try">Try it</Tabs.Tab>
          <Tabs.Tab value="spec">Spec</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="log">
          <EventLog id={run.id} />
        </Tabs.Panel>
        <Tabs.Panel value="files">
          <Artifacts run={run} />
        </Tabs.Panel>
        <Tabs.Panel value="try">
          <Suspense fallback={<Loading what="the files" height={120} />}>
            <TryIt run={run} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="spec">
          <Suspense fallback={<Loading what="the spec" height={120} />}>
            <SpecText run={run} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Paper>
  );
}
