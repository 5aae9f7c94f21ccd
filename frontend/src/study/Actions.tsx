import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Suspense, useState } from "react";
import { isOver, type StudyAsk, type StudyDetail, useStudyCommand } from "../api/studies";
import { type Action, useOffer } from "../keys/offers";
import { ActionButtons, ActionItems } from "../keys/ActionButtons";
import { PauseIcon, PlayIcon, PlusIcon, StopIcon } from "../ui/icons";
import classes from "./study.module.css";
import { later } from "../ui/later";

const Extend = later("The form", () => import("./Extend"));
const Enqueue = later("The form", () => import("./Enqueue"));
const Narrow = later("The form", () => import("./Narrow"));

const DIALOGS = { extend: Extend, enqueue: Enqueue, narrow: Narrow } as const;
type Open = keyof typeof DIALOGS;

const OF = "This study";

/** What a person can do to a study. */
export function Actions({ study }: { study: StudyDetail }) {
  const [open, setOpen] = useState<Open>();
  const { mutate, isPending } = useStudyCommand(study.id);
  const ask = (kind: StudyAsk, what?: Record<string, unknown>) =>
    mutate({ kind, what }, { onError: (error) => notifications.show({ color: "red", title: `“${study.name}” stays as it is`, message: error.message }) });
  const live = study.state === "paused" || study.state === "running";
  const Dialog = open && DIALOGS[open];
  return (
    <div className={classes.actions}>
      {live && <ActionButtons of={OF} actions={[turn(study.state === "paused", ask)]} busy={isPending} />}
      {!isOver(study.state) && <StopMenu stopping={study.state === "stopping"} disabled={isPending} onStop={(running) => ask("stop", { running })} />}
      <ActionButtons of={OF} actions={asking(study, setOpen)} busy={false} />
      {Dialog && (
        <Suspense>
          <Dialog study={study} onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

const turn = (paused: boolean, ask: (kind: StudyAsk) => void): Action =>
  paused
    ? { label: "Resume", icon: PlayIcon, strong: true, press: () => ask("resume") }
    : { label: "Pause", icon: PauseIcon, title: "Begin no trial; those that run go on", press: () => ask("pause") };

/** What a dialog asks about first. */
function asking({ state }: StudyDetail, open: (dialog: Open) => void): Action[] {
  if (state === "failed" || state === "stopping") return [];
  const actions: Action[] = [
    { label: "Extend", icon: PlusIcon, press: () => open("extend") },
    { label: "Try this next", press: () => open("enqueue") },
  ];
  if (state === "paused" || state === "running") actions.push({ label: "Narrow", press: () => open("narrow") });
  return actions;
}

function StopMenu({ stopping, disabled, onStop }: { stopping: boolean; disabled: boolean; onStop: (running: "finish" | "cancel") => void }) {
  const actions: Action[] = [{ label: "Cancel the trials that run", description: "Stop and cancel the trials that run", press: () => onStop("cancel") }];
  if (!stopping) actions.unshift({ label: "Let the trials that run finish", description: "Stop and let the trials that run finish", press: () => onStop("finish") });
  useOffer(OF, actions);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<StopIcon size={14} />} disabled={disabled}>
          Stop
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <ActionItems actions={actions} />
      </Menu.Dropdown>
    </Menu>
  );
}
