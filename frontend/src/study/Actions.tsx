import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { lazy, Suspense, useState } from "react";
import { isOver, type StudyAsk, type StudyDetail, useStudyCommand } from "../api/studies";
import { PauseIcon, PlayIcon, PlusIcon, StopIcon } from "../ui/icons";
import classes from "./study.module.css";

const Extend = lazy(() => import("./Extend"));
const Enqueue = lazy(() => import("./Enqueue"));
const Narrow = lazy(() => import("./Narrow"));

const DIALOGS = { extend: Extend, enqueue: Enqueue, narrow: Narrow } as const;
type Open = keyof typeof DIALOGS;

/** What a person can do to a study. */
export function Actions({ study }: { study: StudyDetail }) {
  const [open, setOpen] = useState<Open>();
  const { mutate, isPending } = useStudyCommand(study.id);
  const ask = (kind: StudyAsk, what?: Record<string, unknown>) =>
    mutate({ kind, what }, { onError: (error) => notifications.show({ color: "red", title: `“${study.name}” stays as it is`, message: error.message }) });
  const paused = study.state === "paused";
  const over = isOver(study.state);
  const Dialog = open && DIALOGS[open];
  return (
    <div className={classes.actions}>
      {(paused || study.state === "running") && (
        <Button
          size="xs" variant={paused ? "filled" : "default"} leftSection={paused ? <PlayIcon size={14} /> : <PauseIcon size={14} />} loading={isPending}
          title={paused ? undefined : "Begin no trial; those that run go on"} onClick={() => ask(paused ? "resume" : "pause")}
        >
          {paused ? "Resume" : "Pause"}
        </Button>
      )}
      {!over && <StopMenu stopping={study.state === "stopping"} disabled={isPending} onStop={(running) => ask("stop", { running })} />}
      {study.state !== "failed" && study.state !== "stopping" && (
        <>
          <Button size="xs" variant="default" leftSection={<PlusIcon size={14} />} onClick={() => setOpen("extend")}>
            Extend
          </Button>
          <Button size="xs" variant="default" onClick={() => setOpen("enqueue")}>
            Try this next
          </Button>
        </>
      )}
      {(paused || study.state === "running") && (
        <Button size="xs" variant="default" onClick={() => setOpen("narrow")}>
          Narrow
        </Button>
      )}
      {Dialog && (
        <Suspense>
          <Dialog study={study} onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

function StopMenu({ stopping, disabled, onStop }: { stopping: boolean; disabled: boolean; onStop: (running: "finish" | "cancel") => void }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<StopIcon size={14} />} disabled={disabled}>
          Stop
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {!stopping && <Menu.Item onClick={() => onStop("finish")}>Let the trials that run finish</Menu.Item>}
        <Menu.Item onClick={() => onStop("cancel")}>Cancel the trials that run</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
