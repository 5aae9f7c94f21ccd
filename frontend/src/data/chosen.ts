/** Files that a person chose or dropped, with the folders in which they lie. */

export interface Chosen {
  file: File;
  /** Folders and name, as `flowers/train/cat/1.jpg`. */
  path: string;
}

/** Files of an input: of a chosen folder each knows its path. */
export const listed = (files: Iterable<File>): Chosen[] =>
  [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name })).filter(isOwn);

/** Systems leave hidden files in folders. */
const isOwn = ({ path }: Chosen): boolean => !path.split("/").some((part) => part.startsWith("."));

/** Everything that was dropped, folders with all that is in them. */
export async function dropped(transfer: DataTransfer): Promise<Chosen[]> {
  // The list is empty once the event is over, so the entries are taken first.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (entries.length === 0) return listed(transfer.files);
  return (await Promise.all(entries.map(below))).flat().filter(isOwn);
}

async function below(entry: FileSystemEntry): Promise<Chosen[]> {
  if (!isDirectory(entry)) return [{ file: await fileOf(entry as FileSystemFileEntry), path: entry.fullPath.replace(/^\//, "") }];
  const found: Chosen[] = [];
  const reader = entry.createReader();
  // A browser gives some entries at a time, and none at the end.
  for (let some = await read(reader); some.length > 0; some = await read(reader)) {
    for (const inner of some) found.push(...(await below(inner)));
  }
  return found;
}

const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject));
const read = (reader: FileSystemDirectoryReader) => new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));

/** The files of each folder, which is named without the folders around all of them: "train/cat". */
export function foldersOf(chosen: readonly Chosen[]): Map<string, Chosen[]> {
  const found = new Map<string, Chosen[]>();
  const places = chosen.map(({ path }) => path.split("/").slice(0, -1));
  const common = sharedBy(places);
  chosen.forEach((one, index) => {
    const folder = places[index]!.slice(common).join("/");
    const files = found.get(folder);
    if (files) files.push(one);
    else found.set(folder, [one]);
  });
  return new Map([...found].sort(([one], [other]) => one.localeCompare(other)));
}

function sharedBy(places: readonly string[][]): number {
  let depth = 0;
  while (places.every((place) => place.length > depth + 1 && place[depth] === places[0]![depth])) depth++;
  return depth;
}
