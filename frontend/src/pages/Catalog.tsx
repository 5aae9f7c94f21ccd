import { Anchor, Badge, Button, Collapse, Paper, Text, TextInput, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";

import { useCatalog } from "../api/catalog";
import { type Entry, type FamilyGroup, groups, tryIt } from "../catalog/groups";
import classes from "../catalog/catalog.module.css";
import { Definition } from "../catalog/Definition";
import { Picture } from "../catalog/Picture";
import type { Picture as Shape } from "../catalog/shapes";
import { boundsOf, labelOf, type Schema } from "../form/tree/schema";
import { plural, words } from "../format";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { StaleCatalog } from "../ui/StaleCatalog";
import { SearchIcon } from "../ui/icons";
import { useUrlState } from "../ui/url";

/** Every technique there is: what it does, its formula, where it comes from, its parameters, and a picture. */
export default function CatalogPage() {
  useDocumentTitle("Catalog · Lathe");
  const { data, error, refetch } = useCatalog();
  const [params, change] = useUrlState();
  const search = params.get("search") ?? "";
  const found = useMemo(() => (data ? groups(data, search) : []), [data, search]);
  if (error && !data) return <Failure what="The catalog" error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the catalog" height={480} />;
  const all = data.entries?.length ?? 0;
  const shown = found.reduce((sum, { entries }) => sum + entries.length, 0);
  return (
    <div className={classes.page}>
      <header className={classes.top}>
        <div>
          <Title order={1}>Catalog</Title>
          <Text size="sm" c="dimmed">
            {shown === all ? `${plural(all, "technique")}.` : `${shown} of ${plural(all, "technique")}.`} Each picture is computed with the technique itself.
          </Text>
          <StaleCatalog stale={data.stale} />
        </div>
        <TextInput
          className={classes.search} type="search" aria-label="Search the catalog" placeholder="adaptive, 2018, momentum …" leftSection={<SearchIcon size={16} />}
          value={search} onChange={({ currentTarget }) => change({ search: currentTarget.value })}
        />
      </header>
      <nav aria-label="Families" className={classes.families}>
        {found.map(({ family, entries }) => (
          <Anchor key={family.name} href={`#${family.name}`} size="sm" mr="xs">
            {words(family.name)} {entries.length}
          </Anchor>
        ))}
      </nav>
      {found.length === 0 && (
        <Empty title="Nothing fits these words" action={{ label: "Show everything", onClick: () => change({ search: null }) }}>
          Try fewer or other words: names, papers and years are searched too.
        </Empty>
      )}
      {found.map((group) => (
        <FamilySection key={group.family.name} group={group} tried={data.tried.includes(group.family.name)} sought={params.get("at")} />
      ))}
    </div>
  );
}

interface FamilySectionProps {
  group: FamilyGroup;
  /** Whether an experiment can be made around one of its components. */
  tried: boolean;
  sought: string | null;
}

function FamilySection({ group: { family, entries }, tried, sought }: FamilySectionProps) {
  const name = words(family.name);
  return (
    <section id={family.name} aria-labelledby={`family-${family.name}`} className={classes.family}>
      <Title order={2} id={`family-${family.name}`}>
        {name.charAt(0).toUpperCase() + name.slice(1)}
      </Title>
      <Text size="sm" c="dimmed">
        {family.summary}
      </Text>
      <div className={classes.cards}>
        {entries.map((entry) => (
          <Card key={entry.kind} entry={entry} tried={tried} standard={family.default === entry.kind} sought={sought === `${family.name}.${entry.kind}`} />
        ))}
      </div>
    </section>
  );
}

interface CardProps {
  entry: Entry;
  tried: boolean;
  standard: boolean;
  /** Whether the address names it: it is scrolled to and has the focus. */
  sought: boolean;
}

function Card({ entry, tried, standard, sought }: CardProps) {
  const [open, setOpen] = useState(false);
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (sought) card.current?.focus();
  }, [sought]);
  const parameters = Object.entries((entry.parameters as Schema).properties ?? {});
  const rest = (entry.description ?? "").split("\n\n").slice(1);
  return (
    <Paper ref={card} component="article" aria-label={`${entry.family} ${entry.kind}`} tabIndex={-1} className={classes.card} data-sought={sought || undefined}>
      {entry.picture && <Picture picture={entry.picture as Shape} />}
      <Title order={3}>
        {words(entry.kind)} {standard && <Badge size="xs" variant="light" color="gray" tt="none" component="span">default</Badge>}
      </Title>
      <Text size="sm">{entry.summary}</Text>
      <Definition entry={entry} className={classes.formula} />
      <Collapse expanded={open}>
        {rest.map((paragraph) => (
          <Text key={paragraph} size="xs" mb="xs">
            {paragraph}
          </Text>
        ))}
        <Parameters parameters={parameters} />
      </Collapse>
      <div className={classes.foot}>
        <Button size="compact-xs" variant="subtle" color="gray" aria-expanded={open} disabled={parameters.length + rest.length === 0} onClick={() => setOpen(!open)}>
          {open ? "Less" : parameters.length > 0 ? plural(parameters.length, "parameter") : "More"}
        </Button>
        {tried && (
          <Button size="compact-xs" variant="light" component={Link} href={tryIt(entry)} disabled={Boolean(entry.unavailable)}>
            Try it
          </Button>
        )}
      </div>
    </Paper>
  );
}

function Parameters({ parameters }: { parameters: [string, Schema][] }) {
  if (parameters.length === 0) return null;
  return (
    <table className={classes.parameters}>
      <tbody>
        {parameters.map(([name, schema]) => (
          <tr key={name}>
            <td title={labelOf(name, schema)}>{name}</td>
            <td>
              {schema.description} {aside(schema)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Default, bounds and unit, in brackets. */
function aside(schema: Schema): string {
  const { default: standard } = schema;
  const scalar = typeof standard === "number" || typeof standard === "string" || typeof standard === "boolean";
  const parts = [scalar ? `default ${String(standard)}` : "", boundsOf(schema), schema["x-unit"] ?? "", schema["x-live"] ? "may be changed live" : ""];
  const description = parts.filter(Boolean).join(", ");
  return description && `(${description})`;
}
