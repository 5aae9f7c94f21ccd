import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useEffect } from "react";
import { feed } from "../live/live";

/** The address of a built page's script: its name holds a hash of what is in it. */
export const scriptOf = (page: string): string | undefined => /<script[^>]+src="(\/assets\/[^"]+)"/.exec(page)?.[1];

/** Offers to load the page again when the server hands out another build than the one that runs here. */
export function useNewVersion(): void {
  useEffect(() => {
    let { status } = feed.snapshot();
    const look = () => void offerIfNewer().catch(() => undefined); // while the server is away there is nothing to offer
    const stop = feed.subscribe(() => {
      const was = status;
      ({ status } = feed.snapshot());
      if (status === "live" && was === "lost") look();
    });
    window.addEventListener("vite:preloadError", look);
    return () => {
      stop();
      window.removeEventListener("vite:preloadError", look);
    };
  }, []);
}

async function offerIfNewer(): Promise<void> {
  const running = document.querySelector("script[type=module][src]")?.getAttribute("src");
  const answer = await fetch("/", { cache: "no-store" });
  const served = answer.ok ? scriptOf(await answer.text()) : undefined;
  if (!running || !served || served === running) return;
  notifications.show({
    id: "new-version",
    autoClose: false,
    title: "A new version is here",
    message: (
      <Button size="compact-sm" mt={4} onClick={() => window.location.reload()}>
        Reload
      </Button>
    ),
  });
}
