import { Button, Group, Paper, Text, Title } from "@mantine/core";
import { Link } from "wouter";

import { useTemplates } from "../api/templates";
import page from "../form/workbench.module.css";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";

/** What a study can begin with, where nothing has been chosen. */
export default function Sources() {
  const { data, error, refetch } = useTemplates();
  if (error && !data) return <Failure what="The templates" error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the templates" />;
  return (
    <>
      <Text size="sm" c="dimmed">
        A study varies the fields of an experiment. Pick a template, write an experiment and press “Tune this experiment”, or press “Tune this
        run” on a finished run.
      </Text>
      <section aria-label="Templates" className={page.cards}>
        {data.map(({ id, title, summary }) => (
          <Paper key={id} component="article" aria-label={title} className={page.card}>
            <Title order={3}>{title}</Title>
            <Text size="sm" c="dimmed">
              {summary}
            </Text>
            <Group className={page.cardFoot}>
              <Button component={Link} href={`/studies/new?template=${encodeURIComponent(id)}`} size="xs" variant="default" aria-label={`Tune this experiment: ${title}`}>
                Tune this experiment
              </Button>
            </Group>
          </Paper>
        ))}
      </section>
      <Group>
        <Button component={Link} href="/new" variant="light">
          Write an experiment
        </Button>
      </Group>
    </>
  );
}
