import { Alert, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { Link } from "wouter";
import { ApiError } from "../api/client";
import { type Across, FIRST_CHART, type StudyDetail, useStudy, useStudyFigure } from "../api/studies";
import { plotly } from "../charts/drawer";
import { CopyYaml } from "../form/text/CopyYaml";
import { Actions } from "../study/Actions";
import { Charts } from "../study/Charts";
import { Overview, Panel } from "../study/Overview";
import classes from "../study/study.module.css";
import { Trials, useShownTrials } from "../study/Trials";
import { describeBudget } from "../study/words";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { AlertIcon } from "../ui/icons";
import { Loading } from "../ui/Loading";
import { StateBadge } from "../ui/StateBadge";
import { useTheme } from "../ui/theme";

/** A chart over no fields. */
const NOWHERE: Across = {};

void plotly().catch(() => undefined); // every study has charts: begin before its answer is here

/** One study: how far it is, what it found, what it taught, and what can be asked of it. */
export default function Study({ id }: { id: string }) {
  const { data, error, refetch } = useStudy(id);
  // Asked for together with the study.
  useShownTrials(id, false);
  useStudyFigure(id, FIRST_CHART, useTheme(), NOWHERE, false, !data);
  useDocumentTitle(`${data?.name ?? "Study"} · Lathe`);
  if (error instanceof ApiError && error.status === 404)
    return (
      <Empty title="This study is not here" action={{ label: "To the studies", href: "/studies" }} height={480}>
        The link may be cut short.
      </Empty>
    );
  if (!data && error)
    return (
      <div className={classes.page}>
        <Failure what="The study" error={error} retry={() => void refetch()} />
      </div>
    );
  if (!data) return <Loading what="the study" height={480} />;
  return (
    <div className={classes.page}>
      <Header study={data} />
      <Overview study={data} />
      <Charts study={data} />
      <Trials study={data} />
      <Panel title="YAML" aside={<CopyYaml text={data.yaml} />}>
        <pre className={classes.yaml} tabIndex={0} aria-label="Study as YAML">
          {data.yaml}
        </pre>
      </Panel>
    </div>
  );
}

function Header({ study }: { study: StudyDetail }) {
  const budget = describeBudget(study.budget);
  return (
    <header className={classes.top}>
      <div className={classes.headline}>
        <nav aria-label="Where this is" className={classes.crumbs}>
          <Link href="/studies">Studies</Link> /
        </nav>
        <div className={classes.titleLine}>
          <Title order={1}>{study.name}</Title>
          <StateBadge state={study.state} />
        </div>
        <div className={classes.facts}>
          <span>
            created <Ago at={study.created_at} />
          </span>
          {study.finished_at && (
            <span>
              ended <Ago at={study.finished_at} />
            </span>
          )}
          {budget && <span>budget: {budget}</span>}
          <Link href={`/?study=${study.id}`}>its runs</Link>
        </div>
      </div>
      <Actions study={study} />
      {study.error && (
        <Alert color="red" variant="light" icon={<AlertIcon />} title="The study failed" w="100%">
          <Text size="sm">{study.error}</Text>
        </Alert>
      )}
    </header>
  );
}
