"""Checks an uploaded file: plain arrays remain, or one sentence says what is wrong.

| sent | remains |
|---|---|
| a text file, or one array [rows, columns] | `values.npy` |
| a column of many texts in it | `texts-<column>.npy` and `ends-<column>.npy` beside it |
| a text whose next characters are learnt | `characters.npy` |
| two arrays, in one NPZ file or in two NPY files | `inputs.npy` and `targets.npy` |
| pictures in a folder for each class, in a ZIP | the same, and with a split of one's own `splits.npy` |

`facts.json` is written beside them; all other files in the folder are removed.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from backend.data import formats, own_split
from backend.data.faults import FileInvalid
from backend.data.formats import VALUES
from backend.data.images import INPUTS, SPLITS, TARGETS
from backend.data.options import Options
from backend.domain.experiment.upload_facts import Facts
from backend.domain.experiment.upload_plan import LEAST_OF_A_CLASS, LEAST_ROWS, Choice, ChoiceInvalid
from backend.domain.experiment.uploads import plan

FACTS = "facts.json"
KEPT = (VALUES, INPUTS, TARGETS, SPLITS, FACTS, "characters.npy", "texts-*.npy", "ends-*.npy")


def check(folder: Path, options: Options) -> Facts:
    """Check what lies in `folder`: `file`, or `inputs` and `targets`. Raises FileInvalid in one sentence."""
    facts = _with_options(_read(folder, options), folder, options)
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


def _read(folder: Path, options: Options) -> Facts:
    file = folder / "file"
    if file.exists():
        return formats.read(file, folder, options)
    return formats.read_pair(folder, folder / "inputs", folder / "targets")


def _with_options(facts: Facts, folder: Path, options: Options) -> Facts:
    """The facts, with what a person said of them. Raises FileInvalid when it does not fit."""
    if options.split is not None and facts.kind == "table":
        facts = own_split.of_table(folder / VALUES, facts, options.split, folder / SPLITS)
    pixels = options.model_dump(include={"black", "white"}, exclude_none=True)
    inputs = facts.inputs and facts.inputs.model_copy(update=pixels)
    target = options.target or (_target_of_texts(facts) if options.task == "text classification" else None)
    said = {"target": target, "task": options.task, "text": options.text, "inputs": inputs}
    return facts.model_copy(update=said)


def _target_of_texts(facts: Facts) -> str | None:
    """The column that texts are told apart by where nobody names one: the last that can be classes, wherever it stands."""
    fitting = [
        column
        for column in facts.columns
        if column.name != facts.split_column and min((column.counts or {}).values(), default=0) >= LEAST_OF_A_CLASS
    ]
    return fitting[-1].name if fitting else None


def _finished(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("[!.]*")):
        if any(map(path.match, KEPT)):
            yield path
        else:
            path.unlink()
