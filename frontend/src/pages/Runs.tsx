import { Button, Center, Paper } from "@mantine/core";
import { useDocumentTitle, useMediaQuery } from "@mantine/hooks";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { awaited } from "../api/awaited";
import { useRuns } from "../api/runs";
import type { RunRow } from "../api/types";
import { Filters } from "../runs/Filters";
import { RunCards } from "../runs/RunCards";
import { RunsCharts } from "../runs/RunsCharts";
import { RunsTable } from "../runs/RunsTable";
import classes from "../runs/runs.module.css";
import { useThrown } from "../runs/trash";
import { type RunsView, useRunsView } from "../runs/view";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { later } from "../ui/later";

const FirstRun = later("The templates", () => import("../runs/FirstRun"));

const FIRST = 10;

export default function Runs() {
  useDocumentTitle("Runs · Lathe");
  const view = useRunsView();
  const thrown = useThrown();
  const query = useRuns(view.filter);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query;
  const runs = useMemo(() => (data?.pages ?? []).flatMap((page) => page.runs).filter(({ id }) => !thrown.has(id)), [data, thrown]);
  const counts = data?.pages[0]?.counts;
  const total = Object.values(counts ?? {}).reduce((sum, n) => sum + n, 0);

  if (error && !data) return <div className={classes.page}><Failure what="The runs" error={error} retry={() => void refetch()} /></div>;
  if (!data) return <Loading what="the runs" height={480} />;
  if (total === 0 && runs.length === 0) return awaited(query) ? <Loading what="the runs" height={480} /> : <FirstRun />;
  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">Runs</h1>
      <Filters view={view} counts={counts} />
      <RunsAndCharts runs={runs} total={total} view={view} pending={awaited(query)}>
        {hasNextPage && (
          <Center p="sm">
            <Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Load more
            </Button>
          </Center>
        )}
      </RunsAndCharts>
    </div>
  );
}

interface RunsAndChartsProps {
  runs: RunRow[];
  total: number;
  view: RunsView;
  pending: boolean;
  children: ReactNode;
}

function RunsAndCharts({ runs, total, view, pending, children }: RunsAndChartsProps) {
  const [hovered, setHovered] = useState<string | null>(null);
  const narrow = useMediaQuery("(max-width: 48em)");
  const chosen = useChosen(runs, view.selected);
  const drawn = chosen.length ? chosen : runs.slice(0, FIRST);
  const List = narrow ? RunCards : RunsTable;
  return (
    <div className={classes.split}>
      <Paper className={classes.list}>
        {runs.length ? (
          <List runs={runs} view={view} drawn={new Set(drawn.map(({ id }) => id))} hovered={hovered} onHover={setHovered} />
        ) : (
          <Empty
            pending={pending && "the runs"}
            title="No run fits this filter"
            action={{ label: "Show all runs", onClick: () => view.change({ state: null, search: null, study: null }) }}
          >
            Other states or another name may.
          </Empty>
        )}
        {children}
      </Paper>
      {drawn.length > 0 && <RunsCharts runs={drawn} total={total} view={view} hovered={hovered} onHover={setHovered} />}
    </div>
  );
}

/** The selected runs, those too that the filter hides since they were selected. */
function useChosen(runs: RunRow[], selected: string[]): RunRow[] {
  const known = useRef(new Map<string, RunRow>());
  for (const run of runs) known.current.set(run.id, run);
  return selected.flatMap((id) => known.current.get(id) ?? []);
}
