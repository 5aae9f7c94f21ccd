import { Button, Text, Title } from "@mantine/core";
import { Link } from "wouter";
import { awaited } from "../api/awaited";

import { useDatasets } from "../api/uploads";
import type { CatalogEntry } from "../api/types";
import { tryIt } from "../catalog/groups";
import { bytes, count, title } from "../format";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import classes from "./data.module.css";

/** What comes with the workers, with the facts that they publish. */
export function Datasets() {
  const datasets = useDatasets();
  const rows = (datasets.data ?? []).filter((entry) => !takesUploads(entry));
  if (datasets.error && !datasets.data) return <Failure what="The datasets" error={datasets.error} retry={() => void datasets.refetch()} />;
  if (!datasets.data) return <Loading what="the datasets" height={120} />;
  if (rows.length === 0) return <Empty pending={awaited(datasets) && "the datasets"} title="No worker has reported a dataset" height={120} />;
  return (
    <ul className={classes.cards}>
      {rows.map((entry) => (
        <li key={entry.kind} className={classes.card}>
          <Title order={3}>{title(entry.kind)}</Title>
          <Text size="sm">{entry.summary}</Text>
          <Text size="xs" c="dimmed">
            {factsOf(entry)}
          </Text>
          {entry.unavailable ? (
            <Text size="xs">Not now: {entry.unavailable}.</Text>
          ) : (
            <Button
              component={Link} href={tryIt(entry)} size="compact-sm" variant="light"
              aria-label={`Use ${title(entry.kind)} in an experiment`}
            >
              Use in an experiment
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

function takesUploads({ parameters }: CatalogEntry): boolean {
  const fields = Object.values((parameters["properties"] ?? {}) as Record<string, object>);
  return fields.some((field) => "x-upload" in field);
}

/** "1,439 for training, 179 for validation, 179 for the test; a sample is [1, 8, 8]; 10 outputs" */
function factsOf({ facts = {} }: CatalogEntry): string {
  const of = (name: string) => (typeof facts[name] === "number" ? (facts[name] as number) : undefined);
  const counts = [["train", "for training"], ["validation", "for validation"], ["test", "for the test"]] as const;
  const splits = counts.filter(([name]) => of(name) !== undefined).map(([name, words]) => `${count(of(name))} ${words}`);
  const shape = Array.isArray(facts["shape"]) ? `a sample is [${facts["shape"].join(", ")}]` : "";
  const outputs = of("outputs") === undefined ? "" : `${count(of("outputs"))} ${of("outputs") === 1 ? "output" : "outputs"}`;
  const size = of("bytes") === undefined ? "" : bytes(of("bytes"));
  return [splits.join(", "), shape, outputs, size].filter(Boolean).join("; ");
}
