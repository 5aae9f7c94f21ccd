import { Badge, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Link, useLocation } from "wouter";
import { asItIs, compares, pageOf, useSubmitExperiment } from "../api/experiments";
import { useTemplates } from "../api/templates";
import type { Template } from "../api/types";
import { roughly } from "../format";
import { Failure } from "../ui/Failure";
import { PlayIcon } from "../ui/icons";
import { Loading } from "../ui/Loading";
import classes from "./runs.module.css";

/** No run yet: one click from here to a live curve. */
export default function FirstRun() {
  const { data, error, refetch } = useTemplates();
  return (
    <div className={classes.first}>
      <Stack gap={6} ta="center" align="center">
        <Title order={1}>Train your first model</Title>
        <Text c="dimmed" maw={520}>
          Each of these runs as it is: real data, live curves, and at the end what every stage costs and gains. Pick one
          and watch.
        </Text>
      </Stack>
      {error ? (
        <Failure what="The templates" error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading what="the templates" />
      ) : (
        <SimpleGrid cols={{ base: 1, sm: 2, lg: data.length % 3 === 0 ? 3 : 2 }} w="100%">
          {data.map((template) => (
            <TemplateCard key={template.id} template={template} />
          ))}
        </SimpleGrid>
      )}
      <Text size="sm" c="dimmed" ta="center">
        Or <Link href="/new">describe your own experiment</Link>.
      </Text>
    </div>
  );
}

function TemplateCard({ template }: { template: Template }) {
  const [, navigate] = useLocation();
  const { mutate, isPending } = useSubmitExperiment();
  const train = () =>
    mutate(
      asItIs(template),
      {
        onSuccess: (created) => navigate(pageOf(created, compares(template))),
        onError: ({ message }) => notifications.show({ color: "red", title: "It was not started", message }),
      },
    );
  return (
    <Paper p="md" className={classes.template} component="article">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Title order={3}>{template.title}</Title>
        {typeof template.minutes === "number" && (
          <Badge variant="default" tt="none" fw={500} style={{ flexShrink: 0 }}>
            about {roughly(template.minutes * 60)}
          </Badge>
        )}
      </Group>
      <Text size="sm" c="dimmed" style={{ flex: 1 }}>
        {template.summary}
      </Text>
      <Group gap="xs">
        <Button size="xs" leftSection={<PlayIcon size={13} />} loading={isPending} onClick={train} aria-label={`Run now: ${template.title}`}>
          Run now
        </Button>
        <Button size="xs" variant="default" component={Link} href={`/new?template=${template.id}`} aria-label={`Customize: ${template.title}`}>
          Customize
        </Button>
      </Group>
    </Paper>
  );
}
