"""A split of one's own: which rows are for training, for validation and for the test."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.data.faults import FileInvalid
from backend.domain.experiment.upload_facts import Column, Facts, OwnSplit

TRAIN, VALIDATION, TEST = range(3)
PARTS = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
"""Name of a folder, or cell of a column -> part of the split."""

Parts = NDArray[np.uint8]


def part_of(name: str) -> int | None:
    return PARTS.get(name.strip().lower())


def counted(parts: Parts, column: str | None = None) -> OwnSplit:
    """Facts of a split. Raises FileInvalid when it has nothing to train on."""
    train, validation, test = np.bincount(parts, minlength=3).tolist()
    if train == 0:
        raise FileInvalid("The split has nothing for `train`: name some of it so.", "split" if column else "file")
    return OwnSplit(train=train, validation=validation, test=test, column=column)


def counts_in_train(codes: NDArray[Any], labels: Sequence[str], parts: Parts) -> dict[str, int]:
    """Rows of each label for training; `codes` [rows] are places in `labels`."""
    found = np.bincount(codes[parts == TRAIN], minlength=len(labels)).tolist()
    return dict(zip(labels, found, strict=True))


def of_table(values: Path, facts: Facts, name: str, target: Path) -> Facts:
    """Facts of a table, of which the column `name` says the part of each row; `target` gets the parts [rows]."""
    names = [column.name for column in facts.columns]
    if name not in names:
        raise FileInvalid(f"The file has no column `{name[:80]}` that could hold the split.", "split")
    table, index = np.load(values, mmap_mode="r", allow_pickle=False), names.index(name)
    parts = _parts(table[:, index], facts.columns[index])
    np.save(target, parts)
    columns = [_in_train(column, table, place, parts) for place, column in enumerate(facts.columns)]
    return facts.model_copy(update={"columns": columns, "own_split": counted(parts, name)})


def _parts(values: NDArray[np.float64], column: Column) -> Parts:
    """Part of each row, from the texts of the column. Raises FileInvalid for another text."""
    labels = list(column.counts or {}) if column.type == "text" else []
    said = [part_of(label) for label in labels]
    if None in said or not labels:
        wrong = f"`{labels[said.index(None)][:40]}`" if labels else "numbers, or too many different texts"
        raise FileInvalid(
            f"Column `{column.name}` holds {wrong}: a split is written as `train`, `validation` and `test`.", "split"
        )
    return np.array(said, np.uint8)[values.astype(np.int64)]


def _in_train(column: Column, table: NDArray[np.float64], place: int, parts: Parts) -> Column:
    """The column with the rows of each label in the training split, where labels are counted."""
    if column.counts is None:
        return column
    labels, values = list(column.counts), table[:, place if column.coded is None else column.coded]
    codes = values.astype(np.int64)
    if column.type == "number" and column.coded is None:
        codes = np.searchsorted(np.array([float(label) for label in labels]), values)
    return column.model_copy(update={"train_counts": counts_in_train(codes, labels, parts)})
