import { Button, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";

import { bytes, count, plural } from "../format";
import { foldersOf, type Chosen } from "./chosen";
import classes from "./data.module.css";
import { boxes, type Fit } from "./fit";
import { nameOf, sizeOf, type Options } from "./parts";

const FOLDERS = 8;
const AUTOMATIC = 224; // pixels, when nobody says a side

interface StagedProps {
  chosen: readonly Chosen[];
  options: Options;
  onPut: (name: string, value: string) => void;
  onSend: () => void;
  onLeave: () => void;
}

/** A folder of pictures before it is sent: what is in it, and what will become of each picture. */
export function Staged({ chosen, options, onPut, onSend, onLeave }: StagedProps) {
  const folders = useMemo(() => [...foldersOf(chosen)], [chosen]);
  return (
    <section className={classes.staged} aria-label="Folder to send">
      <Text size="sm" fw={600}>
        {nameOf(chosen)}, {bytes(sizeOf(chosen))}
      </Text>
      <Shape options={options} onPut={onPut} />
      <ul className={classes.pictures} aria-label="Folders">
        {folders.slice(0, FOLDERS).map(([folder, files]) => (
          <li key={folder}>
            <Sample file={files.find(({ file }) => isShown(file))?.file} options={options} folder={folder} />
            <Text size="xs" c="dimmed">
              {folder || "no folder"} {count(files.length)}
            </Text>
          </li>
        ))}
      </ul>
      {folders.length > FOLDERS && <Text size="xs">{plural(folders.length - FOLDERS, "more folder")}</Text>}
      <Group gap="sm">
        <Button size="xs" onClick={onSend}>
          Send {plural(chosen.length, "file")}
        </Button>
        <Button size="xs" variant="default" onClick={onLeave}>
          Choose other files
        </Button>
      </Group>
    </section>
  );
}

/** The shape of the samples. */
export function Shape({ options, onPut }: Pick<StagedProps, "options" | "onPut">) {
  return (
    <Group gap="md" align="flex-end">
      <TextInput
        size="xs" type="number" label="Side of a picture, pixels" placeholder="by the median" min={8} max={1024} value={options["side"] ?? ""}
        onChange={({ currentTarget: { value } }) => onPut("side", value)}
      />
      <NativeSelect
        size="xs" label="A picture of another shape" value={options["fit"] ?? "crop"}
        data={[{ value: "crop", label: "is cropped to its middle" }, { value: "pad", label: "gets black beside it" }, { value: "stretch", label: "is stretched" }]}
        onChange={({ currentTarget: { value } }) => onPut("fit", value)}
      />
      <NativeSelect
        size="xs" label="Files that cannot be read" value={options["unreadable"] ?? "refuse"}
        data={[{ value: "refuse", label: "are reported" }, { value: "leave_out", label: "are left out" }]}
        onChange={({ currentTarget: { value } }) => onPut("unreadable", value)}
      />
    </Group>
  );
}

const isShown = ({ type }: File): boolean => /^image\/(jpeg|png|webp|bmp)$/.test(type);

/** One picture as a sample will hold it. */
function Sample({ file, options, folder }: { file: File | undefined; options: Options; folder: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const side = Number(options["side"]) || AUTOMATIC;
  const fit = (options["fit"] ?? "crop") as Fit;
  useEffect(() => {
    let current = true;
    if (file) {
      void createImageBitmap(file).then(
        (picture) => current && canvas.current && draw(canvas.current, picture, side, fit),
        () => undefined, // the server tells what is wrong with it
      );
    }
    return () => {
      current = false;
    };
  }, [file, side, fit]);
  if (!file) return undefined;
  return <canvas ref={canvas} role="img" aria-label={`A picture of ${folder || "no folder"}, as it is learnt`} />;
}

function draw(canvas: HTMLCanvasElement, picture: ImageBitmap, side: number, fit: Fit) {
  const { source, target } = boxes(picture.width, picture.height, side, fit);
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.imageSmoothingQuality = "high";
  context.fillRect(0, 0, side, side);
  context.drawImage(picture, ...source, ...target);
}
