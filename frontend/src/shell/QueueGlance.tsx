import { HoverCard, Text, UnstyledButton } from "@mantine/core";
import { useWorkers } from "../api/workers";
import type { QueueView, WorkerRow } from "../api/types";
import { plural } from "../format";
import { Ago } from "../ui/Ago";
import { CpuIcon } from "../ui/icons";
import classes from "./Shell.module.css";

/** The workers and the queue, in a word; each worker when it is pointed at. */
export function QueueGlance() {
  const { data } = useWorkers();
  if (!data) return null;
  const present = data.workers.filter(({ gone }) => !gone);
  return (
    <HoverCard position="bottom-end" shadow="md" openDelay={100}>
      <HoverCard.Target>
        <UnstyledButton className={classes.glance} data-warn={present.length === 0 || undefined}>
          <CpuIcon size={15} />
          <span className={classes.glanceText}>{sentence(data, present.length)}</span>
        </UnstyledButton>
      </HoverCard.Target>
      <HoverCard.Dropdown>
        {present.length === 0 && (
          <Text size="sm">No worker is connected: runs wait in the queue until one is started.</Text>
        )}
        {present.map((worker) => (
          <Worker key={worker.id} worker={worker} />
        ))}
      </HoverCard.Dropdown>
    </HoverCard>
  );
}

function sentence({ queued, running }: QueueView, workers: number): string {
  if (workers === 0) return queued ? `no worker · ${queued} queued` : "no worker";
  const doing = running ? `${running} running` : "idle";
  return `${plural(workers, "worker")} · ${doing}${queued ? ` · ${queued} queued` : ""}`;
}

function Worker({ worker }: { worker: WorkerRow }) {
  const device = worker.device.name ?? worker.device.kind;
  return (
    <div className={classes.worker}>
      <Text size="sm" fw={600}>
        {worker.name}
      </Text>
      <Text size="xs" c="dimmed">
        {typeof device === "string" ? `${device} · ` : ""}
        {worker.run_id ? "training" : "idle"} · heartbeat <Ago at={worker.heartbeat_at} />
      </Text>
    </div>
  );
}
