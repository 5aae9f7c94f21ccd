"""Formats of files, by the bytes that they begin with, each with its reader."""

from collections.abc import Callable
from pathlib import Path

from backend.data import archives, arrays, delimited, entries, images, records, running_text, table
from backend.data.faults import FileInvalid
from backend.data.images import INPUTS, TARGETS
from backend.data.options import Options
from backend.domain.experiment.upload_facts import Facts

VALUES = "values.npy"
LONGEST_SIGNATURE = 16

Reader = Callable[[Path, Path, Options], Facts]
"""Reads a file and leaves its arrays in a folder. Raises FileInvalid in one sentence."""


def read(file: Path, folder: Path, options: Options) -> Facts:
    """Read a file of any format; a file that begins as none of them is a table of text."""
    with file.open("rb") as stream:
        begins = stream.read(LONGEST_SIGNATURE)
    if not begins:
        raise FileInvalid("The file is empty: send a table or arrays.")
    known = (reader for signature, reader in READERS.items() if begins.startswith(signature))
    return next(known, _text)(file, folder, options)


def read_pair(folder: Path, inputs: Path, targets: Path) -> Facts:
    """Read an array of inputs and one of their targets."""
    facts = arrays.pair(arrays.open_array(inputs, "inputs"), arrays.open_array(targets, "targets"))
    inputs.rename(folder / INPUTS)
    targets.rename(folder / TARGETS)
    return facts


def _array(file: Path, folder: Path, options: Options) -> Facts:
    facts = arrays.table(arrays.open_array(file, "file"))
    file.rename(folder / VALUES)
    return facts


def _archive(file: Path, folder: Path, options: Options) -> Facts:
    if not archives.holds_arrays(entries.names(file)):
        return images.read(file, folder, options.side, options.fit, options.unreadable)
    paths = archives.unpack(file, folder)
    return read_pair(folder, *paths) if len(paths) == 2 else _array(paths[0], folder, options)


def _text(file: Path, folder: Path, options: Options) -> Facts:
    """A text whose characters are learnt, a table of text, or JSON, which may begin with blanks."""
    if options.task == "language":
        return running_text.read(file, folder)
    with file.open(encoding="utf-8", errors="replace") as stream:
        is_json = records.begins_like_json(stream.read(records.FIRST_CHARACTERS))
    source = records.open_source(file) if is_json else delimited.open_source(file, options.header)
    return table.read(source, folder, options.missing, options.ignore)


def _columnar(opening: str) -> Reader:
    """A reader of Parquet or Arrow; that library is loaded only for such a file."""

    def read(file: Path, folder: Path, options: Options) -> Facts:
        from backend.data import columnar

        source = {
            "parquet": columnar.open_parquet,
            "arrow": columnar.open_arrow_file,
            "stream": columnar.open_arrow_stream,
        }[opening](file)
        return table.read(source, folder, options.missing, options.ignore)

    return read


def _refuse(what: str) -> Reader:
    """A reader of what is not taken: `what` says what it is, and what would be right."""

    def read(file: Path, folder: Path, options: Options) -> Facts:
        raise FileInvalid(f"The file is {what}.")

    return read


_UTF_16 = _refuse("UTF-16 text: save it as CSV in UTF-8")
_PICTURE = _refuse("one picture: send many, in a folder for each class")
_PICKLE = _refuse("a pickle, which Lathe never opens: write it with numpy.save")

READERS: dict[bytes, Reader] = {
    b"\x93NUMPY": _array,
    b"PK": _archive,
    b"PAR1": _columnar("parquet"),
    b"PARE": _refuse("encrypted Parquet: write it again without encryption"),
    b"ARROW1": _columnar("arrow"),
    b"\xff\xff\xff\xff": _columnar("stream"),
    b"FEA1": _refuse("Feather of version 1: write it as Feather of version 2, or as Parquet"),
    b"\x1f\x8b": _refuse("compressed (gzip): unpack it first"),
    b"BZh": _refuse("compressed (bzip2): unpack it first"),
    b"\xfd7zXZ": _refuse("compressed (xz): unpack it first"),
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
    b"%PDF": _refuse("a PDF: export the table as CSV"),
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"\xd0\xcf\x11\xe0": _refuse("a spreadsheet or document: export it as CSV"),
    b"SQLite format 3": _refuse("a database: export the table as CSV"),
    b"\x80\x04\x95": _PICKLE,
    b"\x80\x05\x95": _PICKLE,
}
