import { Button, Paper, Title } from "@mantine/core";
import { useDocumentTitle, useMediaQuery } from "@mantine/hooks";
import { Link } from "wouter";
import { awaited } from "../api/awaited";
import { useStudies } from "../api/studies";
import { StudyCards, StudyTable } from "../study/StudyList";
import classes from "../study/study.module.css";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { PlusIcon } from "../ui/icons";
import { Loading } from "../ui/Loading";

/** Studies: searches over the fields of an experiment. */
export default function Studies() {
  useDocumentTitle("Studies · Lathe");
  const query = useStudies();
  const { data, error, refetch } = query;
  const narrow = useMediaQuery("(max-width: 48em)");
  const List = narrow ? StudyCards : StudyTable;
  return (
    <div className={classes.page}>
      <div className={classes.top}>
        <Title order={1}>Studies</Title>
        <Button component={Link} href="/studies/new" size="xs" variant="default" leftSection={<PlusIcon size={14} />}>
          New study
        </Button>
      </div>
      {error && !data ? (
        <Failure what="The studies" error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading what="the studies" />
      ) : data.length === 0 ? (
        <Empty pending={awaited(query) && "the studies"} title="Nothing has been searched yet" action={{ label: "New study", href: "/studies/new" }}>
          A study tries many values of an experiment’s fields and keeps the best: choose a template, press “Tune this experiment” beside a
          new experiment’s Run, or “Tune this run” on a finished run.
        </Empty>
      ) : (
        <Paper>
          <List studies={data} />
        </Paper>
      )}
    </div>
  );
}
