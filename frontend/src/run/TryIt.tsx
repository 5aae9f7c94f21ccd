import { Alert, Button, Group, NativeSelect, Table, Text, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useInterface, usePredictions } from "../api/predictions";
import type { FileInterface, Prediction, RunDetail, StagePredictions } from "../api/types";
import { number, percent, words } from "../format";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { AlertIcon, UploadIcon } from "../ui/icons";
import pairs from "../ui/pairs.module.css";
import { ACCEPTED, best, csv, typeOf } from "./samples";
import classes from "./trial.module.css";

const MOST_COLUMNS = 40;
const MOST_NAMES = 20;

/** Takes a file or a row, and shows the predictions of every stage's file side by side. */
export default function TryIt({ run }: { run: RunDetail }) {
  const files = run.artifacts.filter(({ kind }) => kind === "golden").length;
  if (files === 0)
    return (
      <Text size="sm" c="dimmed" ta="center" p="md">
        No file to try yet: each finished stage leaves one. Runs of older releases must be run again.
      </Text>
    );
  return <Trial run={run} files={files} />;
}

function Trial({ run, files }: { run: RunDetail; files: number }) {
  const { data: taken, error, refetch } = useInterface(run.id, files);
  const { mutate, data, error: refused, isPending } = usePredictions(run.id);
  const [problem, setProblem] = useState<string>();
  if (error && !taken) return <Failure what="What the files take" error={error} retry={() => void refetch()} />;
  if (!taken) return <Loading what="what the files take" height={120} />;
  const send = (content: Blob, name: string) => {
    try {
      mutate({ content, type: typeOf(name) });
      setProblem(undefined);
    } catch (mistake) {
      setProblem((mistake as Error).message);
    }
  };
  const reason = problem ?? refused?.message;
  return (
    <div className={classes.trial}>
      <Taken taken={taken} />
      <FileBox busy={isPending} onFile={(file) => send(file, file.name)} />
      {taken.columns.length > 0 && taken.columns.length <= MOST_COLUMNS && (
        <Row taken={taken} busy={isPending} onRow={(row) => send(new Blob([csv(row)]), "row.csv")} />
      )}
      {taken.text && <TextBox busy={isPending} onText={(text) => send(new Blob([text]), "text.txt")} />}
      {reason && (
        <Alert color="red" variant="light" icon={<AlertIcon />} title="It was not predicted">
          {reason}
        </Alert>
      )}
      {data && !reason && <Answers run={run} answers={data} names={taken.classes} />}
    </div>
  );
}

/** What the files take, the scaling that they contain, and the classes. */
function Taken({ taken }: { taken: FileInterface }) {
  return (
    <dl className={pairs.pairs}>
      <dt>Input</dt>
      <dd>
        {taken.dtype} [batch, {taken.shape.join(", ")}], {taken.input === "as_read" ? "as it was sent" : "scaled beforehand"}
      </dd>
      <dt>Scaling</dt>
      <dd>{scaling(taken)}</dd>
      {taken.classes.length > 0 && (
        <>
          <dt>{taken.task === "language" ? "Tokens" : "Classes"}</dt>
          <dd>{few(taken.classes)}</dd>
        </>
      )}
    </dl>
  );
}

function scaling({ scaling: found, input }: FileInterface): string {
  if (!found) return "none";
  const shown = found.mean.slice(0, 3).map((mean, place) => `(x − ${number(mean)}) / ${found.scale[place] == null ? "∞" : number(found.scale[place])}`);
  const left = found.numbers - shown.length;
  return `${shown.join("; ")}${left > 0 ? ` and ${left} more` : ""}${input === "as_read" ? ", in the file" : ", not in the file"}`;
}

const few = (names: readonly string[]): string =>
  names.length > MOST_NAMES ? `${names.slice(0, MOST_NAMES).join(", ")} and ${names.length - MOST_NAMES} more` : names.join(", ");

function FileBox({ busy, onFile }: { busy: boolean; onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null) => {
    if (files?.[0]) onFile(files[0]);
    if (input.current) input.current.value = "";
  };
  return (
    <Group
      gap="sm" className={classes.sample} onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        take(event.dataTransfer.files);
      }}
    >
      <Button size="xs" loading={busy} leftSection={<UploadIcon />} onClick={() => input.current?.click()}>
        Choose a sample
      </Button>
      <Text size="sm">or drop it here: a picture, a table as CSV, a text or an NPY file.</Text>
      <input
        ref={input} type="file" className="visually-hidden" aria-label="Sample to predict" tabIndex={-1} accept={ACCEPTED}
        onChange={({ currentTarget }) => take(currentTarget.files)}
      />
    </Group>
  );
}

function Row({ taken, busy, onRow }: { taken: FileInterface; busy: boolean; onRow: (row: Record<string, string>) => void }) {
  const [cells, setCells] = useState<Record<string, string>>({});
  const put = (name: string, value: string) => setCells((before) => ({ ...before, [name]: value }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onRow(Object.fromEntries(taken.columns.map(({ name, texts }) => [name, cells[name] ?? texts[0] ?? ""])));
  };
  return (
    <form onSubmit={submit} aria-label="A row">
      <Group gap="sm" align="flex-end">
        {taken.columns.map(({ name, texts }) =>
          texts.length > 0 ? (
            <NativeSelect key={name} size="xs" label={name} data={texts} value={cells[name] ?? texts[0]} onChange={({ currentTarget }) => put(name, currentTarget.value)} />
          ) : (
            <TextInput key={name} size="xs" label={name} required inputMode="decimal" value={cells[name] ?? ""} onChange={({ currentTarget }) => put(name, currentTarget.value)} />
          ),
        )}
        <Button size="xs" type="submit" variant="default" loading={busy}>
          Predict
        </Button>
      </Group>
    </form>
  );
}

function TextBox({ busy, onText }: { busy: boolean; onText: (text: string) => void }) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onText(text);
  };
  return (
    <form onSubmit={submit} aria-label="A text">
      <Group gap="sm" align="flex-end">
        <Textarea size="xs" label="Text" required autosize flex={1} value={text} onChange={({ currentTarget }) => setText(currentTarget.value)} />
        <Button size="xs" type="submit" variant="default" loading={busy}>
          Predict
        </Button>
      </Group>
    </form>
  );
}

/** One row for each stage, one column for each of the first samples. */
function Answers({ run, answers, names }: { run: RunDetail; answers: StagePredictions[]; names: readonly string[] }) {
  return (
    <Table.ScrollContainer minWidth={420} type="native">
      <Table aria-label="Predictions">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Stage</Table.Th>
            <Table.Th>File</Table.Th>
            <Table.Th>Prediction</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {answers.map((answer) => (
            <Table.Tr key={answer.artifact}>
              <Table.Td>{words(run.stages[answer.stage]?.label ?? String(answer.stage))}</Table.Td>
              <Table.Td>{words(answer.format)}</Table.Td>
              <Table.Td>{answer.problem ?? answer.predictions?.slice(0, 8).map((one, place) => <Answer key={place} answer={one} names={names} />)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Answer({ answer, names }: { answer: Prediction; names: readonly string[] }) {
  if (answer.label === null) return <div>{answer.outputs.map((one) => number(one, 8)).join(", ")}</div>;
  return (
    <div>
      <strong>{answer.label}</strong>{" "}
      <Text span size="xs" c="dimmed">
        {best(answer.outputs, names).map(({ name, share }) => `${name} ${percent(share)}`).join(", ")}
      </Text>
    </div>
  );
}
