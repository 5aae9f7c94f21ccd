import { Alert, Button, Group, Text } from "@mantine/core";
import { useRef, useState, type DragEvent } from "react";

import type { UploadDetail } from "../api/types";
import { bytes, percent } from "../format";
import { AlertIcon, UploadIcon } from "../ui/icons";
import { dropped, listed, type Chosen } from "./chosen";
import classes from "./data.module.css";
import { Options } from "./Options";
import { isFolder, nameOf, sizeOf, type Options as Said } from "./parts";
import { Staged } from "./Staged";
import { useSending, type Sending } from "./useSending";

/** Takes files by drag and drop or by choice, and tells how far they are, and what is wrong with them. A folder is shown first. */
export function Drop({ onSent }: { onSent: (upload: UploadDetail) => void }) {
  const [over, setOver] = useState(false);
  const [options, setOptions] = useState<Said>({});
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const { sending, error, start, forget } = useSending((upload) => {
    setChosen([]);
    onSent(upload);
  });
  const put = (name: string, value: string) => setOptions({ ...options, [name]: value });
  const take = (files: readonly Chosen[]) => {
    forget();
    setChosen(files);
    if (files.length > 0 && !isFolder(files)) void start(files, options);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void dropped(event.dataTransfer).then(take);
  };
  return (
    <div className={classes.stack}>
      <div
        className={classes.drop} data-over={over || undefined} onDrop={drop} onDragLeave={() => setOver(false)}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
      >
        {sending ? (
          <Sent sending={sending} />
        ) : isFolder(chosen) ? (
          <Staged chosen={chosen} options={options} onPut={put} onSend={() => void start(chosen, options)} onLeave={() => take([])} />
        ) : (
          <Choice onChosen={take} />
        )}
      </div>
      {error && (
        <Alert color="red" variant="light" icon={<AlertIcon />} title="It was not taken">
          <Group gap="sm" justify="space-between">
            <span>{error.message}</span>
            <Button size="compact-sm" variant="default" onClick={() => void start(chosen, options)}>
              Send it again
            </Button>
          </Group>
        </Alert>
      )}
      {!isFolder(chosen) && <Options options={options} onPut={put} />}
    </div>
  );
}

function Choice({ onChosen }: { onChosen: (chosen: readonly Chosen[]) => void }) {
  const [files, folder] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)];
  const given = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    const chosen = listed(currentTarget.files ?? []);
    currentTarget.value = "";
    onChosen(chosen);
  };
  return (
    <>
      <Group gap="sm" justify="center">
        <Button leftSection={<UploadIcon />} onClick={() => files.current?.click()}>
          Upload a file
        </Button>
        <Button variant="default" onClick={() => folder.current?.click()}>
          Choose a folder
        </Button>
        <Text size="sm">or drop it here</Text>
      </Group>
      <Text size="xs" c="dimmed" ta="center">
        A table as CSV, Parquet, Arrow or JSON, with the target in a column; pictures in a folder for each class, or such folders as a
        ZIP; or arrays as NPZ with <code>inputs</code> and <code>targets</code>, or as two NPY files of these names.
      </Text>
      <input
        ref={files} type="file" multiple className="visually-hidden" aria-label="Files to send" tabIndex={-1}
        accept=".csv,.tsv,.txt,.parquet,.arrow,.feather,.json,.jsonl,.ndjson,.npy,.npz,.zip" onChange={given}
      />
      <input
        ref={folder} type="file" className="visually-hidden" aria-label="Folder of pictures" tabIndex={-1}
        {...{ webkitdirectory: "" }} onChange={given}
      />
    </>
  );
}

function Sent({ sending: { chosen, share, stop } }: { sending: Sending }) {
  const progress = share < 1 ? `${percent(share)} of ${bytes(sizeOf(chosen))} sent` : "Arrived; it is being checked…";
  return (
    <div className={classes.sending} role="status">
      <Text size="sm">
        {nameOf(chosen)}: {progress}
      </Text>
      <progress value={share < 1 ? share : undefined} aria-label="Sent" />
      <Button size="compact-sm" variant="default" onClick={() => stop.abort()}>
        Stop
      </Button>
    </div>
  );
}
