import { Badge, Button, Group, Paper, Skeleton, Text, Title } from "@mantine/core";
import { Link } from "wouter";

import classes from "../workbench.module.css";
import { useTemplates } from "../../api/templates";
import type { Template } from "../../api/types";
import { Failure } from "../../ui/Failure";
import { PlayIcon } from "../../ui/icons";

interface TemplatesProps {
  /** Id of the template that the form was filled from. */
  chosen: string | undefined;
  busy: string | undefined;
  onRun: (template: Template) => void;
  onEdit: (template: Template) => void;
}

/** Specs that run as they are: one click to a live curve, or to a filled form. */
export function Templates({ chosen, busy, onRun, onEdit }: TemplatesProps) {
  const { data, error, refetch } = useTemplates();
  if (error && !data) return <Failure what="The templates" error={error} retry={() => void refetch()} />;
  return (
    <section aria-label="Templates" className={classes.cards}>
      {!data && [1, 2, 3].map((key) => <Skeleton key={key} height={128} radius="md" />)}
      {data?.map((template) => (
        <Paper key={template.id} component="article" aria-label={template.title} className={classes.card} data-chosen={chosen === template.id || undefined}>
          <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
            <Title order={3}>{template.title}</Title>
            {template.minutes != null && (
              <Badge variant="light" color="gray" tt="none" className={classes.minutes}>
                about {roughly(template.minutes)}
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {template.summary}
          </Text>
          <Group gap="xs" className={classes.cardFoot}>
            {template.study ? (
              <Button component={Link} size="xs" href={`/studies/new?template=${encodeURIComponent(template.id)}`} aria-label={`Set up: ${template.title}`}>
                Set up
              </Button>
            ) : (
              <>
                <Button
                  size="xs" leftSection={<PlayIcon size={14} />} loading={busy === template.id} disabled={busy !== undefined}
                  aria-label={`Run now: ${template.title}`} onClick={() => onRun(template)}
                >
                  Run now
                </Button>
                <Button size="xs" variant="default" disabled={busy !== undefined} aria-label={`Customize: ${template.title}`} onClick={() => onEdit(template)}>
                  {chosen === template.id ? "Reset to template" : "Customize"}
                </Button>
              </>
            )}
          </Group>
        </Paper>
      ))}
    </section>
  );
}

/** "30 s", "6 min": an estimate has no seconds beside its minutes. */
function roughly(minutes: number): string {
  return minutes < 1 ? `${Math.round(minutes * 60)} s` : `${Math.round(minutes)} min`;
}
