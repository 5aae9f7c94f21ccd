"""A text file becomes a matrix of numbers. Two passes: what the columns are, then what is in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from backend.data import lines
from backend.data.cells import Cells, Missing, is_missing
from backend.data.columns import Floats, Profile, check_size, most_different
from backend.data.faults import FileInvalid
from backend.data.headers import Header, check_names, is_header
from backend.data.labels import Labels
from backend.domain.experiment.upload_facts import Column, Facts

BLOCK_CELLS = 20_000  # of short-lived texts: larger blocks keep the garbage collector busy
PREVIEW_ROWS, PREVIEW_COLUMNS = 8, 50

Rows = list[list[str]]


@dataclass
class Table:
    """A text file, and what its columns were found to be. `places` are those of its columns in a line."""

    path: Path
    separator: str
    header: bool
    columns: list[Cells]
    places: list[int]
    ignored: list[str]
    rows: int = 0
    labels: dict[int, Labels] = field(default_factory=dict)  # of columns whose numbers do not tell their labels apart

    def blocks(self) -> Iterator[tuple[list[int], Rows]]:
        """Numbers of lines, and their rows."""
        rows, size = self._data(), max(1, BLOCK_CELLS // len(self.columns))
        while block := list(islice(rows, size)):
            yield [line for line, _ in block], [cells for _, cells in block]

    def _data(self) -> Iterator[lines.Row]:
        rows = islice(lines.rows(self.path, self.separator), int(self.header), None)
        if not self.ignored:
            return rows
        return ((line, [cells[place] for place in self.places]) for line, cells in rows)


def read(path: Path, target: Path, header: Header, missing: Missing, ignore: Sequence[str] = ()) -> Facts:
    """Write the table's numbers to `target` (NPY, float64), texts as the numbers of their categories; after them the
    labels of columns of numbers that do not tell them apart. Raises FileInvalid in one sentence.
    """
    lines.check(path)
    table = _open(path, header, ignore)
    for numbers, block in table.blocks():
        for column, cells in zip(table.columns, zip(*block, strict=True), strict=True):
            column.see(numbers, cells)
        table.rows += len(block)
        check_size(table.rows, len(table.columns))
    if table.rows == 0:
        raise FileInvalid("The file has no row below its header: add the data.")
    for column in table.columns:
        column.check(missing)
    profile, kept, preview = _write(table, target)
    if kept == 0:
        raise FileInvalid("Every line has a missing value: fill some in, or leave out the columns with missing values.")
    return Facts(
        kind="table",
        rows=kept,
        left_out=table.rows - kept,
        columns=_columns(table, profile),
        ignored=table.ignored,
        separator=table.separator,
        header=table.header,
        preview=preview,
    )


def _open(path: Path, said: Header, ignore: Sequence[str]) -> Table:
    separator = lines.separator(path)
    head = [[cell.strip() for cell in cells] for _, cells in islice(lines.rows(path, separator), 20)]
    if not head:
        raise FileInvalid("The file is empty: send one with a header and rows.")
    first = head[0]
    check_size(1, len(first))
    header = len(first) > 1 and is_header(first, head[1:], said)
    names = [cell if header and cell else f"column {index}" for index, cell in enumerate(first, 1)]
    check_names(names)
    if unknown := [name for name in ignore if name not in names]:
        raise FileInvalid(f"The file has no column `{unknown[0][:80]}` that could be left out.", "ignore")
    places = [place for place, name in enumerate(names) if name not in ignore]
    if len(places) < 2:
        raise FileInvalid(
            f"The file has {('no', 'one')[len(places)]} column{' left' if ignore else ''}: at least one for the input and one "
            "for the target are needed, with a comma, semicolon or tab between."
        )
    columns = [Cells(names[place], most_different(len(places))) for place in places]
    return Table(path, separator, header, columns, places, list(ignore))


def _write(table: Table, target: Path) -> tuple[Profile, int, Rows]:
    """The second pass; returns what was seen, the number of rows that are complete, and the first of them."""
    holes, width = any(column.empty for column in table.columns), len(table.columns)
    labelled = [index for index, column in enumerate(table.columns) if column.texts or column.merges]
    table.labels = {index: Labels(most_different(width)) for index in labelled}
    extra = sum(not table.columns[index].texts for index in labelled)
    profile, kept, preview = Profile([column.name for column in table.columns]), 0, Rows()
    with target.open("w+b") as file:
        _write_header(file, table.rows, width + extra)
        for _, block in table.blocks():
            complete = [cells for cells in block if not any(map(is_missing, cells))] if holes else block
            if complete:
                values = _values(table, complete)
                file.write(values.tobytes())
                profile.see(values[:, :width])
                kept += len(complete)
                preview += [cells[:PREVIEW_COLUMNS] for cells in complete[: PREVIEW_ROWS - len(preview)]]
        file.seek(0)
        _write_header(file, kept, width + extra)  # of the same length: it is padded
    return profile, kept, preview


def _write_header(file: IO[bytes], rows: int, columns: int) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (rows, columns)}
    np.lib.format.write_array_header_1_0(file, header)


def _values(table: Table, block: Sequence[Sequence[str]]) -> Floats:
    """The numbers [n, columns], and after them the labels that they do not tell apart."""
    values, codes = np.empty((len(block), len(table.columns))), []
    for index, cells in enumerate(zip(*block, strict=True)):
        labels = table.labels[index].code(list(map(str.strip, cells))) if index in table.labels else []
        if table.columns[index].texts:
            values[:, index] = labels
            continue
        values[:, index] = np.fromiter(map(float, cells), np.float64, len(cells))
        codes += [labels] if labels else []
    return np.column_stack([values, *codes])


def _columns(table: Table, profile: Profile) -> list[Column]:
    found, place = [], len(table.columns)
    for index, (cells, column) in enumerate(zip(table.columns, profile.columns(), strict=True)):
        more: dict[str, object] = {"empty": cells.empty}
        if index in table.labels:
            more["counts"] = table.labels[index].counts
        if cells.texts:
            found.append(Column(name=cells.name, type="text", **more))
            continue
        if index in table.labels:
            more["coded"], place = place, place + 1
        elif column.counts and cells.written:
            more["counts"] = _as_written(column.counts, cells.written)
        found.append(column.model_copy(update=more))
    return found


def _as_written(counts: dict[str, int], written: set[str]) -> dict[str, int]:
    """The counts of numbers that each are written in one way only, by what is written."""
    labels = {float(label): label for label in written}
    return {labels[float(number)]: count for number, count in counts.items()}
