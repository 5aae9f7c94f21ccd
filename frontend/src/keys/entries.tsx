import { type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { ComponentType, ReactNode } from "react";
import { useCatalog } from "../api/catalog";
import { useFound } from "../api/found";
import { useStudies } from "../api/studies";
import { words } from "../format";
import { about } from "../runs/columns";
import { PAGES } from "../ui/pages";
import { SCHEMES } from "../ui/schemes";
import { Ago } from "../ui/Ago";
import { ColumnsIcon, PlusIcon, StudyIcon } from "../ui/icons";
import { StateBadge } from "../ui/StateBadge";
import type { Named } from "./match";
import { useOffers } from "./offers";
import type { Dialog } from "./shortcuts";

/** One line of the palette: somewhere to go, something to keep, or something to do. */
export type Entry = Named & {
  key: string;
  icon?: ComponentType<{ size?: number }>;
  color?: string;
  about?: ReactNode;
  aside?: ReactNode;
} & ({ press: () => void; href?: undefined } | { href: string; download?: string; press?: undefined });

const WAIT_MS = 150;
/** Runs and studies that are listed before anything is typed. */
const NEWEST = 5;

/** What can be found and done: here first, then everywhere. */
export function useEntries(query: string, show: (dialog: Dialog) => void): { entries: Entry[]; waiting: boolean } {
  const { setColorScheme } = useMantineColorScheme();
  const runs = useRunEntries(query);
  const studies = useStudyEntries();
  const components = useComponentEntries();
  const typed = query.trim() !== "";
  const most = typed ? undefined : NEWEST;
  const entries = [
    ...useDoings(),
    ...PLACES,
    ...runs.entries.slice(0, most),
    ...studies.slice(0, most),
    ...schemes(setColorScheme),
    { key: "shortcuts", text: "Keyboard shortcuts", kind: "Help", press: () => show("sheet") },
    ...(typed ? components : []),
  ];
  return { entries, waiting: runs.waiting };
}

const useDoings = (): Entry[] =>
  useOffers().flatMap(({ of, actions }) => actions.map(({ label, description = label, ...action }) => ({ ...action, key: `${of} ${description}`, text: description, kind: of })));

const NEW = [
  { href: "/new", label: "New experiment", icon: PlusIcon },
  { href: "/studies/new", label: "New study", icon: PlusIcon },
];

const PLACES: Entry[] = [...PAGES, ...NEW].map(({ href, label, icon }) => ({ key: href, text: label, kind: "Page", icon, href }));

const schemes = (choose: (scheme: MantineColorScheme) => void): Entry[] =>
  SCHEMES.map(({ value, label, icon }) => ({ key: value, text: `Theme: ${label.toLowerCase()}`, kind: "Theme", icon, press: () => choose(value) }));

/** The newest runs, and those that the server finds by a part of their name or by how their id begins. */
function useRunEntries(query: string): { entries: Entry[]; waiting: boolean } {
  const [requested] = useDebouncedValue(query.trim(), WAIT_MS);
  const newest = useFound("");
  const found = useFound(requested);
  const runs = new Map([...(newest.data ?? []), ...(found.data ?? [])].map((run) => [run.id, run]));
  const entries = [...runs.values()].map((run) => ({
    key: run.id, id: run.id, text: run.name, kind: "Run", href: `/runs/${run.id}`, color: run.color, about: about(run),
    aside: <When state={run.state} at={run.created_at} />,
  }));
  return { entries, waiting: requested !== query.trim() || found.isFetching };
}

function useStudyEntries(): Entry[] {
  const { data = [] } = useStudies();
  return data.map(({ id, name, state, created_at }) => ({
    key: id, id, text: name, kind: "Study", href: `/studies/${id}`, icon: StudyIcon, aside: <When state={state} at={created_at} />,
  }));
}

const When = ({ state, at }: { state: Parameters<typeof StateBadge>[0]["state"]; at: string }) => (
  <>
    <StateBadge state={state} /> <Ago at={at} />
  </>
);

function useComponentEntries(): Entry[] {
  const { data } = useCatalog();
  return (data?.entries ?? []).map(({ family, kind, summary }) => ({
    key: `${family}.${kind}`, text: words(kind), kind: words(family), href: `/catalog?at=${family}.${kind}`, icon: ColumnsIcon, about: summary,
  }));
}
