import { Alert, Button, Group, NativeSelect, Switch, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type DragEvent } from "react";

import { ApiError } from "../api/client";
import { send } from "../api/uploads";
import type { UploadDetail } from "../api/types";
import { bytes, percent } from "../format";
import { AlertIcon, UploadIcon } from "../ui/icons";
import classes from "./data.module.css";
import { partsOf, sizeOf } from "./parts";

type Sending = { files: File[]; share: number; stop: AbortController };

/** Takes files by drag and drop or by choice, and tells how far they are, and what is wrong with them. */
export function Drop({ onSent }: { onSent: (upload: UploadDetail) => void }) {
  const [over, setOver] = useState(false);
  const [options, setOptions] = useState<Record<string, string>>({});
  const { sending, error, start } = useSending(onSent);
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null) => {
    if (files && files.length > 0) void start([...files], options);
    if (input.current) input.current.value = "";
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
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
        ) : (
          <>
            <Group gap="sm" justify="center">
              <Button leftSection={<UploadIcon />} onClick={() => input.current?.click()}>
                Upload a file
              </Button>
              <Text size="sm">or drop it here</Text>
            </Group>
            <Text size="xs" c="dimmed" ta="center">
              A table as CSV, Parquet, Arrow or JSON, with the target in a column; or arrays as NPZ with <code>inputs</code> and <code>targets</code>, or
              as two NPY files of these names. Images are [n, height, width] or [n, height, width, channels].
            </Text>
          </>
        )}
        <input
          ref={input} type="file" multiple className="visually-hidden" aria-label="Files to send" tabIndex={-1}
          accept=".csv,.tsv,.txt,.parquet,.arrow,.feather,.json,.jsonl,.ndjson,.npy,.npz" onChange={({ currentTarget }) => take(currentTarget.files)}
        />
      </div>
      {error && (
        <Alert color="red" variant="light" icon={<AlertIcon />} title="It was not taken">
          {error.message}
        </Alert>
      )}
      <Options options={options} onChange={setOptions} />
    </div>
  );
}

function Sent({ sending: { files, share, stop } }: { sending: Sending }) {
  const progress = share < 1 ? `${percent(share)} of ${bytes(sizeOf(files))} sent` : "Arrived; it is being checked…";
  return (
    <div className={classes.sending} role="status">
      <Text size="sm">
        {files.map(({ name }) => name).join(" and ")}: {progress}
      </Text>
      <progress value={share < 1 ? share : undefined} aria-label="Sent" />
      <Button size="compact-sm" variant="default" onClick={() => stop.abort()}>
        Stop
      </Button>
    </div>
  );
}

/** What may be said about a table; most need nothing. */
function Options({ options, onChange }: { options: Record<string, string>; onChange: (options: Record<string, string>) => void }) {
  const put = (name: string, value: string) => onChange({ ...options, [name]: value });
  return (
    <details className={classes.options}>
      <summary>Options</summary>
      <Group gap="md" align="flex-end" mt="xs">
        <TextInput
          size="xs" label="Target column" placeholder="the last one" value={options["target"] ?? ""}
          onChange={({ currentTarget: { value } }) => put("target", value)}
        />
        <NativeSelect
          size="xs" label="The target is" value={options["task"] ?? "auto"}
          data={[{ value: "auto", label: "detected" }, { value: "classification", label: "classes" }, { value: "regression", label: "numbers" },
            { value: "text classification", label: "classes of texts" }, { value: "language", label: "the next character" }]}
          onChange={({ currentTarget: { value } }) => put("task", value)}
        />
        <NativeSelect
          size="xs" label="The first line" value={options["header"] ?? "auto"}
          data={[{ value: "auto", label: "detected" }, { value: "yes", label: "names the columns" }, { value: "no", label: "is data" }]}
          onChange={({ currentTarget: { value } }) => put("header", value)}
        />
        <Switch
          size="xs" label="Leave out lines with missing values" checked={options["missing"] === "leave_out"}
          onChange={({ currentTarget: { checked } }) => put("missing", checked ? "leave_out" : "refuse")}
        />
      </Group>
    </details>
  );
}

function useSending(onSent: (upload: UploadDetail) => void) {
  const client = useQueryClient();
  const [sending, setSending] = useState<Sending>();
  const [error, setError] = useState<Error>();
  const start = async (files: File[], options: Record<string, string>) => {
    const stop = new AbortController();
    setError(undefined);
    setSending({ files, share: 0, stop });
    try {
      const upload = await send(partsOf(files, options), (share) => setSending({ files, share, stop }), stop.signal);
      client.setQueryData(["upload", upload.id], upload);
      await client.invalidateQueries({ queryKey: ["uploads"] });
      onSent(upload);
    } catch (problem) {
      if (!stop.signal.aborted) setError(problem instanceof Error ? problem : new ApiError(0, "Error", String(problem)));
    } finally {
      setSending(undefined);
    }
  };
  return { sending, error, start };
}
