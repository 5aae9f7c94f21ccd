import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { Suspense } from "react";
import { Route, Switch, useLocation } from "wouter";
import { queryClient } from "./api/queryClient";
import { UpToDate } from "./charts/upToDate";
import { useLiveStream } from "./live/hooks";
import { latest } from "./live/live";
import Runs from "./pages/Runs";
import { Shell } from "./shell/Shell";
import { useNewVersion } from "./shell/version";
import { cssVariables, theme } from "./theme";
import { Boundary } from "./ui/Boundary";
import { Empty } from "./ui/Empty";
import { Loading } from "./ui/Loading";
import { later } from "./ui/later";

const Catalog = later("The catalog", () => import("./pages/Catalog"));
const Compare = later("The comparison", () => import("./pages/Compare"));
const Data = later("The data", () => import("./pages/Data"));
const NewStudy = later("The form", () => import("./pages/NewStudy"));
const New = later("The form", () => import("./pages/New"));
const Run = later("The run", () => import("./pages/Run"));
const Studies = later("The studies", () => import("./pages/Studies"));
const Study = later("The study", () => import("./pages/Study"));
const Tradeoffs = later("The trade-offs", () => import("./pages/Tradeoffs"));

function Pages() {
  useLiveStream();
  useNewVersion();
  const [at] = useLocation();
  return (
    <Boundary key={at} what="The page">
      <Suspense fallback={<Loading what="the page" />}>
        <Switch>
          <Route path="/" component={Runs} />
          <Route path="/new" component={New} />
          <Route path="/data" component={Data} />
          <Route path="/runs/:id">{({ id }) => <Run key={id} id={id} />}</Route>
          <Route path="/studies" component={Studies} />
          <Route path="/studies/new" component={NewStudy} />
          <Route path="/studies/:id">{({ id }) => <Study key={id} id={id} />}</Route>
          <Route path="/compare" component={Compare} />
          <Route path="/catalog" component={Catalog} />
          <Route path="/tradeoffs" component={Tradeoffs} />
          <Route>
            <Empty title="There is no such page" action={{ label: "To the runs", href: "/" }}>
              The address may be mistyped, or the page may have moved.
            </Empty>
          </Route>
        </Switch>
      </Suspense>
    </Boundary>
  );
}

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
        <Notifications position="bottom-right" limit={4} />
        <UpToDate value={latest}>
          <Shell>
            <Pages />
          </Shell>
        </UpToDate>
      </MantineProvider>
    </QueryClientProvider>
  );
}
