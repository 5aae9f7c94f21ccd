import { MultiSelect, Select } from "@mantine/core";

import { useUpload, useUploads } from "../../api/uploads";
import { plural } from "../../format";
import { useForm } from "./FormContext";
import { Reset } from "./Marks";
import { startsWith } from "../tree/path";
import { effective, walk, type Leaf } from "../tree/tree";
import { textOf } from "../tree/typed";
import { useLeaf } from "./useLeaf";

/** One's own data. */
export function UploadField({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const uploads = useUploads().data ?? [];
  const chosen = textOf(effective(node));
  const known = uploads.map(({ id, name, rows }) => ({ value: id, label: `${name} · ${plural(rows, "row")} · ${id.slice(0, 8)}` }));
  const others = chosen !== "" && !uploads.some(({ id }) => id === chosen) ? [{ value: chosen, label: chosen }] : [];
  return (
    <Select
      {...control}
      data={[...known, ...others]}
      value={chosen || null}
      placeholder="Choose a file"
      nothingFoundMessage="Nothing was sent yet: see the page Data"
      searchable
      onChange={(value) => write(value ?? undefined)}
    />
  );
}

/** The columns of the upload that stands beside this field. */
function useColumns(node: Leaf): string[] {
  const { root } = useForm();
  const beside = node.path.slice(0, -1);
  const named = [...walk(root)].find(({ type, path }) => type === "upload" && path.length === node.path.length && startsWith(path, beside));
  const { data } = useUpload(named ? textOf(effective(named)) : "");
  return data?.facts.columns.map(({ name }) => name) ?? [];
}

export function ColumnField({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const columns = useColumns(node);
  const chosen = textOf(effective(node));
  return (
    <Select
      {...control}
      data={withChosen(columns, [chosen])}
      value={chosen || null}
      placeholder="As it was sent, else the last one"
      nothingFoundMessage="Choose the data first"
      searchable
      clearable
      onChange={(value) => write(value ?? undefined)}
    />
  );
}

export function ColumnsField({ node }: { node: Leaf }) {
  const { control, write } = useLeaf(node);
  const columns = useColumns(node);
  const held = effective(node);
  const chosen = Array.isArray(held) ? held.map(textOf) : [];
  return (
    <MultiSelect
      {...control}
      data={withChosen(columns, chosen)}
      value={chosen}
      placeholder="None"
      nothingFoundMessage="Choose the data first"
      searchable
      rightSection={<Reset node={node} />}
      onChange={write}
    />
  );
}

/** What is chosen already can always be kept. */
function withChosen(columns: readonly string[], chosen: readonly string[]): string[] {
  return [...new Set([...columns, ...chosen.filter(Boolean)])];
}
