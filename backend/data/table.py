"""A text file becomes a matrix of numbers. Two passes: what the columns are, then what is in them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from backend.data import lines
from backend.data.cells import Cells, Missing, is_missing, number
from backend.data.columns import Floats, Profile, check_size, most_different
from backend.data.faults import FileInvalid
from backend.domain.experiment.uploads import Column, Facts
from backend.domain.input_limits import TURNING

BLOCK_CELLS = 20_000  # of short-lived texts: larger blocks keep the garbage collector busy
LONGEST_NAME = 200
PREVIEW_ROWS, PREVIEW_COLUMNS = 8, 50

Header = Literal["auto", "yes", "no"]


@dataclass
class Table:
    """A text file, and what its columns were found to be."""

    path: Path
    separator: str
    header: bool
    columns: list[Cells]
    rows: int = 0
    categories: list[dict[str, int] | None] = field(default_factory=list)  # of text columns: text -> its number
    counts: list[list[int]] = field(default_factory=list)

    def data(self) -> Iterator[lines.Row]:
        rows = lines.rows(self.path, self.separator)
        return islice(rows, 1, None) if self.header else rows

    def blocks(self) -> Iterator[tuple[list[int], list[list[str]]]]:
        """Numbers of lines, and their rows."""
        rows, size = self.data(), max(1, BLOCK_CELLS // len(self.columns))
        while block := list(islice(rows, size)):
            yield [line for line, _ in block], [cells for _, cells in block]


def read(path: Path, target: Path, header: Header, missing: Missing) -> Facts:
    """Write the table's numbers to `target` (NPY, float64), texts as the numbers of their categories.

    Raises FileInvalid in one sentence.
    """
    lines.check(path)
    table = _open(path, header)
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
        separator=table.separator,
        header=table.header,
        preview=preview,
    )


def _open(path: Path, header: Header) -> Table:
    separator = lines.separator(path)
    head = list(islice(lines.rows(path, separator), 20))
    if not head:
        raise FileInvalid("The file is empty: send one with a header and rows.")
    first = [cell.strip() for cell in head[0][1]]
    if len(first) < 2:
        raise FileInvalid(
            "The file has one column: at least one for the input and one for the target are needed, with a comma, semicolon or tab between."
        )
    check_size(1, len(first))
    named = header == "yes" or (header == "auto" and _names(first, [cells for _, cells in head[1:]]))
    names = [cell if named and cell else f"column {index}" for index, cell in enumerate(first, 1)]
    _check_names(names)
    return Table(path, separator, named, [Cells(name, most_different(len(names))) for name in names])


def _names(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Returns whether the first row names the columns: it holds no number, and the others do, or do not repeat it."""
    if all(is_missing(cell) for cell in first) or any(number(cell) is not None for cell in first):
        return False
    numeric = any(number(cell.strip()) is not None for cells in rest for cell in cells)
    return numeric or not any(cell.strip() == name for cells in rest for name, cell in zip(first, cells, strict=True))


def _check_names(names: Sequence[str]) -> None:
    known: set[str] = set()
    for name in names:
        if name in known:
            raise FileInvalid(f"Two columns are called `{name[:80]}`: give each a name of its own.")
        if len(name) > LONGEST_NAME:
            raise FileInvalid(
                f"A column's name is longer than {LONGEST_NAME} characters (`{name[:40]}…`): is the header missing?"
            )
        if turning := TURNING.search(name):
            raise FileInvalid(
                f"The name of column {len(known) + 1} holds the character U+{ord(turning[0]):04X}, which changes the direction "
                "of writing: remove it."
            )
        known.add(name)


def _write(table: Table, target: Path) -> tuple[Profile, int, list[list[str]]]:
    """The second pass; returns what was seen, the number of rows that are complete, and the first of them."""
    holes = any(column.empty for column in table.columns)
    table.categories = [{} if column.texts else None for column in table.columns]
    table.counts = [[] for _ in table.columns]
    profile, kept, preview = Profile([column.name for column in table.columns]), 0, list[list[str]]()
    with target.open("w+b") as file:
        _write_header(file, table.rows, len(table.columns))
        for _, block in table.blocks():
            complete = [cells for cells in block if not any(map(is_missing, cells))] if holes else block
            if complete:
                values = _values(table, complete)
                file.write(values.tobytes())
                profile.see(values)
                kept += len(complete)
                preview += [cells[:PREVIEW_COLUMNS] for cells in complete[: PREVIEW_ROWS - len(preview)]]
        file.seek(0)
        _write_header(file, kept, len(table.columns))  # of the same length: it is padded
    return profile, kept, preview


def _write_header(file: object, rows: int, columns: int) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (rows, columns)}
    np.lib.format.write_array_header_1_0(file, header)  # type: ignore[arg-type]


def _values(table: Table, block: Sequence[Sequence[str]]) -> Floats:
    values = np.empty((len(block), len(table.columns)))
    for index, cells in enumerate(zip(*block, strict=True)):
        if table.columns[index].texts:
            values[:, index] = _coded(table, index, list(map(str.strip, cells)))
        else:
            values[:, index] = np.fromiter(map(float, cells), np.float64, len(cells))
    return values


def _coded(table: Table, index: int, texts: Sequence[str]) -> Sequence[int]:
    """The numbers of these texts, in the order in which they first came; zeros once there are too many."""
    known = table.categories[index]
    for text, count in Counter(texts).items() if known is not None else ():
        assert known is not None
        number = known.setdefault(text, len(known))
        table.counts[index][number : number + 1] = [sum(table.counts[index][number : number + 1]) + count]
        if len(known) > most_different(len(table.columns)):
            table.categories[index] = known = None
            break
    return [0] * len(texts) if known is None else list(map(known.__getitem__, texts))


def _columns(table: Table, profile: Profile) -> list[Column]:
    return [
        _text(cells, known, counts) if cells.texts else column.model_copy(update={"empty": cells.empty})
        for cells, column, known, counts in zip(
            table.columns, profile.columns(), table.categories, table.counts, strict=True
        )
    ]


def _text(cells: Cells, known: dict[str, int] | None, counts: list[int]) -> Column:
    found = None if known is None else {text: counts[number] for text, number in known.items()}
    return Column(name=cells.name, type="text", empty=cells.empty, counts=found)
