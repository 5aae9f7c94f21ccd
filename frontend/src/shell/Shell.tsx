import { AppShell, Button, Group } from "@mantine/core";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { Keys } from "../keys/Keys";
import { LiveDot } from "../live/LiveDot";
import { PlusIcon } from "../ui/icons";
import { Brand } from "./Brand";
import { Complaints } from "./Complaints";
import { PAGES } from "../ui/pages";
import { QueueGlance } from "./QueueGlance";
import { SchemeToggle } from "./SchemeToggle";
import classes from "./Shell.module.css";

const GAP = "clamp(0.25rem, 1vw, 0.9rem)";

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
          <Keys />
          <SchemeToggle />
          <Button component={Link} href="/new" size="xs" leftSection={<PlusIcon size={14} />}>
            New<span className={classes.wide}>&nbsp;experiment</span>
          </Button>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="main" className={classes.main}>
        <Complaints />
        {children}
      </AppShell.Main>
    </AppShell>
  );
}
