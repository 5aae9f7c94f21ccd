"""Runs the commands about data of one's own."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from client.cli import show, words
from client.errors import LatheError
from client.lathe import Lathe
from client.uploads import Data
from client.wire.models import Column, UploadDetail

OPTIONS = {
    "name": "name of the data (default: the file's)",
    "target": "column to learn (default: the last one)",
    "task": "classification, regression, text classification, or language for a text file",
    "text": "column of texts whose words are the inputs",
    "header": "yes or no: whether the first line names the columns",
    "missing": "leave_out lines in which a value is missing (default: refuse)",
    "split": "column that says train, validation or test (default: the split is drawn)",
    "side": "width and height of pictures as samples (default: by their median)",
    "fit": "crop, pad or stretch pictures of another shape (default: crop)",
    "unreadable": "leave_out files that cannot be read as pictures (default: refuse)",
    "black": "number that is black in images (default: by their type and values)",
    "white": "number that is white in images",
}
"""Fields of the form -> what they say."""

UPLOADS = ("data", "name", "holds", "rows", "bytes", "sent")
COLUMNS = ("column", "type", "range", "different", "empty")
TARGETS = ("target", "label")  # in the name of a file of targets


def upload(lathe: Lathe, options: Namespace) -> int:
    """Prints the id of the data, so that another command can read it."""
    given = {name: value for name in OPTIONS if (value := getattr(options, name)) is not None}
    if options.ignore:
        given["ignore"] = ",".join(options.ignore)
    console = show.console(stderr=True)
    columns = (TextColumn("sending"), BarColumn(), DownloadColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar:
        task = bar.add_task("sending", total=None)
        sent = lathe.upload(
            _parts(options.file), progress=lambda done, all: bar.update(task, completed=done, total=all), **given
        )
    show.say(f"{sent.name}: {_describe(sent)}", stderr=True)
    show.say(sent.id)
    return 0


def _parts(files: Sequence[Path]) -> Data:
    """The file or folder; of two NPY files the inputs and the targets, which its name tells."""
    if len(files) == 1:
        return files[0]
    if len(files) != 2 or any(file.suffix != ".npy" for file in files):
        return files
    targets = [file for file in files if any(word in file.stem.lower() for word in TARGETS) or file.stem.lower() == "y"]
    if len(targets) != 1:
        detail = "Of two NPY files one must have `targets` or `labels` in its name: rename it, or send one NPZ file."
        raise LatheError("TargetsUnclear", detail, "file")
    (inputs,) = (file for file in files if file is not targets[0])
    return {"inputs": inputs, "targets": targets[0]}


def data(lathe: Lathe, options: Namespace) -> int:
    if options.data is None:
        return _list(lathe, options.delete)
    if options.delete:
        show.say(f"deleted {lathe.delete_upload(options.data).name}", stderr=True)
        return 0
    found = lathe.find_upload(options.data)
    show.say(f"{found.name}: {_describe(found)}")
    show.say(f"data {found.id}, {words.size(found.bytes)}, sent {words.age(found.created_at)}")
    if found.facts.columns:
        show.say("")
        show.table(COLUMNS, map(_line, found.facts.columns), right=("different", "empty"))
    return 0


def _list(lathe: Lathe, delete: bool) -> int:
    if delete:
        raise LatheError("DataMissing", "Name the data to delete: their id or name.", "data")
    found = lathe.uploads()
    if not found:
        show.say("There are no data of your own yet: send some with `lathe upload`.", stderr=True)
        return 0
    lines = (
        (row.id[:8], row.name, row.kind, f"{row.rows:,}", words.size(row.bytes), words.age(row.created_at))
        for row in found
    )
    show.table(UPLOADS, lines, right=("rows", "bytes"))
    return 0


def _describe(found: UploadDetail) -> str:
    if found.kind == "text":
        return f"a text of {found.rows:,} characters"
    holds = f"{found.columns:,} columns" if found.kind == "table" else f"samples of {found.shape}"
    left_out = f", {found.facts.left_out:,} more left out" if found.facts.left_out else ""
    return f"{found.rows:,} rows, {holds}{left_out}"


def _line(column: Column) -> Sequence[str]:
    reach = words.DASH if column.least is None else f"{column.least:g} … {column.greatest:g} {column.unit}".strip()
    different = "many" if column.counts is None else f"{len(column.counts):,}"
    return (column.name, column.type, reach, different, f"{column.empty:,}")
