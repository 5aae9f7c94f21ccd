import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { queryClient } from "./api/queryClient";
import { useLiveStream } from "./live/hooks";
import Runs from "./pages/Runs";
import { Shell } from "./shell/Shell";
import { cssVariables, theme } from "./theme";
import { Empty } from "./ui/Empty";
import { Loading } from "./ui/Loading";

const Catalog = lazy(() => import("./pages/Catalog"));
const Compare = lazy(() => import("./pages/Compare"));
const Data = lazy(() => import("./pages/Data"));
const NewStudy = lazy(() => import("./pages/NewStudy"));
const New = lazy(() => import("./pages/New"));
const Run = lazy(() => import("./pages/Run"));
const Studies = lazy(() => import("./pages/Studies"));
const Study = lazy(() => import("./pages/Study"));
const Tradeoffs = lazy(() => import("./pages/Tradeoffs"));

function Pages() {
  useLiveStream();
  return (
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
  );
}

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
        <Notifications position="bottom-right" limit={4} />
        <Shell>
          <Pages />
        </Shell>
      </MantineProvider>
    </QueryClientProvider>
  );
}
