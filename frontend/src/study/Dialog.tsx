import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { type StudyAsk, type StudyDetail, useStudyCommand } from "../api/studies";
import { Sentence } from "../ui/Sentence";

export interface DialogProps {
  study: StudyDetail;
  onClose: () => void;
}

interface FrameProps extends DialogProps {
  title: string;
  about: string;
  kind: StudyAsk;
  /** The body of the command; undefined while there is nothing to ask for. */
  what: Record<string, unknown> | undefined;
  go: string;
  children: ReactNode;
}

/** A dialog that asks one thing of a study, and stays with the answer when that is a no. */
export function Dialog({ study, onClose, title, about, kind, what, go, children }: FrameProps) {
  const { mutate, isPending, error } = useStudyCommand(study.id);
  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeButtonProps={{ "aria-label": "Close" }} transitionProps={{ duration: 0 }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (what) mutate({ kind, what }, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {about}
          </Text>
          {children}
          {error && (
            <Alert color="red" variant="light" role="alert">
              <Sentence text={error.message} />
            </Alert>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Back
            </Button>
            <Button type="submit" loading={isPending} disabled={!what}>
              {go}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
