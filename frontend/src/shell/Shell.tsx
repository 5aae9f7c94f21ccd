import { AppShell, Button, Group } from "@mantine/core";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { LiveDot } from "../ui/LiveDot";
import { ColumnsIcon, ListIcon, PlusIcon, ScatterIcon, StudyIcon, TableIcon } from "../ui/icons";
import { Brand } from "./Brand";
import { QueueGlance } from "./QueueGlance";
import { SchemeToggle } from "./SchemeToggle";
import classes from "./Shell.module.css";

const GAP = "clamp(0.25rem, 1vw, 0.9rem)";
const PAGES = [
  { href: "/", label: "Runs", icon: ListIcon, owns: (at: string) => at === "/" || at.startsWith("/runs/") },
  { href: "/studies", label: "Studies", icon: StudyIcon, owns: (at: string) => at.startsWith("/studies") },
  { href: "/catalog", label: "Catalog", icon: ColumnsIcon, owns: (at: string) => at === "/catalog" },
  { href: "/tradeoffs", label: "Trade-offs", icon: ScatterIcon, owns: (at: string) => at === "/tradeoffs" },
  { href: "/data", label: "Data", icon: TableIcon, owns: (at: string) => at === "/data" },
];

function Navigation() {
  const [at] = useLocation();
  return (
    <nav aria-label="Pages" className={classes.nav}>
      {PAGES.map(({ href, label, icon: Icon, owns }) => (
        <Link key={href} href={href} className={classes.link} aria-current={owns(at) ? "page" : undefined}>
          <Icon />
          {label}
        </Link>
      ))}
    </nav>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  return (
    <AppShell header={{ height: 52 }} padding={0}>
      <a href="#main" className={classes.skip}>
        Skip to the content
      </a>
      <AppShell.Header className={classes.header}>
        <Group gap={GAP} wrap="nowrap">
          <Brand />
          <Navigation />
        </Group>
        <Group gap={GAP} wrap="nowrap">
          <LiveDot />
          <QueueGlance />
          <SchemeToggle />
          <Button component={Link} href="/new" size="xs" leftSection={<PlusIcon size={14} />}>
            New<span className={classes.wide}>&nbsp;experiment</span>
          </Button>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="main" className={classes.main}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}
