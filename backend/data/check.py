"""Checks an uploaded file: plain arrays remain, or one sentence says what is wrong.

| sent | remains |
|---|---|
| a text file, or one array [rows, columns] | `values.npy` |
| two arrays, in one NPZ file or in two NPY files | `inputs.npy` and `targets.npy` |

`facts.json` is written beside them; all other files in the folder are removed.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, field_validator

from backend.data import archives, arrays, table
from backend.data.cells import Missing
from backend.data.faults import FileInvalid
from backend.data.headers import Header
from backend.domain.experiment.upload_facts import Facts, Task
from backend.domain.experiment.uploads import LEAST_ROWS, Choice, ChoiceInvalid, plan

VALUES, INPUTS, TARGETS, FACTS = "values.npy", "inputs.npy", "targets.npy", "facts.json"
KEPT = frozenset({VALUES, INPUTS, TARGETS, FACTS})

SIGNATURES = {
    b"\x1f\x8b": "compressed (gzip): unpack it first",
    b"BZh": "compressed (bzip2): unpack it first",
    b"\xfd7zXZ": "compressed (xz): unpack it first",
    b"\xff\xfe": "UTF-16 text: save it as CSV in UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as CSV in UTF-8",
    b"%PDF": "a PDF: export the table as CSV",
    b"\x89PNG": "one picture: send many as an NPZ file of `inputs` and `targets`",
    b"\xff\xd8\xff": "one picture: send many as an NPZ file of `inputs` and `targets`",
    b"\xd0\xcf\x11\xe0": "a spreadsheet or document: export it as CSV",
    b'{"': "JSON: export it as CSV",
    b"[{": "JSON: export it as CSV",
    b"[[": "JSON: export it as CSV",
    b"SQLite format 3": "a database: export the table as CSV",
    b"PAR1": "Parquet: export it as CSV, or as NPZ",
    b"\x80\x04\x95": "a pickle, which Lathe never opens: write it with numpy.save",
    b"\x80\x05\x95": "a pickle, which Lathe never opens: write it with numpy.save",
}


class Options(BaseModel):
    """Options that a person gave with the file."""

    target: str | None = None
    task: Task = "auto"
    header: Header = "auto"
    missing: Missing = "refuse"
    ignore: list[str] = Field(default=[], max_length=1000)

    @field_validator("ignore", mode="before")
    @classmethod
    def _parted(cls, said: Any) -> Any:
        """Names in one text, as a form sends them: a JSON list, or parted by commas."""
        if not isinstance(said, str):
            return said
        return json.loads(said) if said.startswith("[") else [name.strip() for name in said.split(",")]


def check(folder: Path, options: Options) -> Facts:
    """Check what lies in `folder`: `file`, or `inputs` and `targets`. Raises FileInvalid in one sentence."""
    facts = _read(folder, options).model_copy(update={"target": options.target, "task": options.task})
    if facts.rows < LEAST_ROWS:
        raise FileInvalid(f"There are {facts.rows} rows; at least {LEAST_ROWS} are needed to train, validate and test.")
    try:
        plan(facts, Choice())
    except ChoiceInvalid as error:
        if error.role != "ignore":  # which columns are left out a spec may still say
            raise FileInvalid(
                f"The target {error}" if error.role == "target" else f"The {error.role} {error}", error.role
            ) from None
    (folder / FACTS).write_text(facts.model_dump_json())
    for path in _finished(folder):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return facts


def _finished(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("[!.]*")):
        if path.name in KEPT:
            yield path
        else:
            path.unlink()


def _read(folder: Path, options: Options) -> Facts:
    file = folder / "file"
    if not file.exists():
        return _pair(folder, folder / "inputs", folder / "targets")
    with file.open("rb") as stream:
        begins = stream.read(16)
    if not begins:
        raise FileInvalid("The file is empty: send a table or arrays.")
    if begins.startswith(b"\x93NUMPY"):
        return _single(folder, file)
    if begins.startswith(b"PK"):
        paths = archives.unpack(file, folder)
        return _pair(folder, *paths) if len(paths) == 2 else _single(folder, paths[0])
    for signature, what in SIGNATURES.items():
        if begins.startswith(signature):
            raise FileInvalid(f"The file is {what}.")
    return table.read(file, folder / VALUES, options.header, options.missing, options.ignore)


def _pair(folder: Path, inputs: Path, targets: Path) -> Facts:
    facts = arrays.pair(arrays.open_array(inputs, "inputs"), arrays.open_array(targets, "targets"))
    inputs.rename(folder / INPUTS)
    targets.rename(folder / TARGETS)
    return facts


def _single(folder: Path, file: Path) -> Facts:
    facts = arrays.table(arrays.open_array(file, "file"))
    file.rename(folder / VALUES)
    return facts
