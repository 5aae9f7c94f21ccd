"""A table becomes a matrix of numbers. Two passes: what the columns are, then what is in them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from backend.data.cells import Cells, Missing, is_missing
from backend.data.columns import Floats, Profile, check_size, most_different
from backend.data.faults import FileInvalid
from backend.data.growing import GrowingArray
from backend.data.headers import check_names
from backend.data.labels import Labels
from backend.data.source import Source
from backend.data.texts import GrowingTexts
from backend.data.times import SINCE_1970, moment
from backend.domain.experiment.upload_facts import Column, Facts

BLOCK_CELLS = 20_000  # of short-lived texts: larger blocks keep the garbage collector busy
PREVIEW_ROWS, PREVIEW_COLUMNS, PREVIEW_CHARACTERS = 8, 50, 500

_HINT = ", with a comma, semicolon or tab between; or say `task: language` to learn from a text's characters"

Rows = list[list[str]]


@dataclass
class Table:
    """A source, and what those of its columns that are read were found to be. `places` are theirs in the source."""

    source: Source
    columns: list[Cells]
    places: list[int]
    ignored: list[str]
    rows: int = 0
    labels: dict[int, Labels] = field(default_factory=dict)  # of columns whose numbers do not tell their labels apart
    words: dict[int, dict[str, int]] = field(default_factory=dict)  # how long the texts of columns of many are

    def blocks(self) -> Iterator[tuple[list[int], Rows]]:
        """Numbers of rows, and their cells."""
        rows, size = self.source.rows(self.places), max(1, BLOCK_CELLS // len(self.columns))
        while block := list(islice(rows, size)):
            yield [number for number, _ in block], [cells for _, cells in block]


def read(source: Source, folder: Path, missing: Missing, ignore: Sequence[str] = ()) -> Facts:
    """Write the table's numbers to `values.npy` (float64) in the folder, texts as the numbers of their categories; after
    them the labels of columns of numbers that do not tell them apart. The texts of a column of many are written beside
    it. Raises FileInvalid in one sentence.
    """
    table = _open(source, ignore)
    for numbers, block in table.blocks():
        for column, cells in zip(table.columns, zip(*block, strict=True), strict=True):
            column.see(numbers, cells)
        table.rows += len(block)
        check_size(table.rows, len(table.columns))
    if table.rows == 0:
        raise FileInvalid(f"The file has no row{' below its header' * source.header}: add the data.")
    for column in table.columns:
        column.check(missing)
    profile, kept, preview = _write(table, folder)
    if kept == 0:
        raise FileInvalid(
            f"Every {source.noun.lower()} has a missing value: fill some in, or leave out the columns with missing values."
        )
    return Facts(
        kind="table",
        rows=kept,
        left_out=table.rows - kept,
        columns=_columns(table, profile),
        ignored=table.ignored,
        separator=source.separator,
        header=source.header,
        preview=preview,
    )


def _open(source: Source, ignore: Sequence[str]) -> Table:
    names = [name or f"column {number}" for number, name in enumerate(source.names, 1)]
    check_size(1, len(names))
    check_names(names)
    if unknown := [name for name in ignore if name not in names]:
        raise FileInvalid(f"The file has no column `{unknown[0][:80]}` that could be left out.", "ignore")
    places = [place for place, name in enumerate(names) if name not in ignore]
    if len(places) < 2:
        raise FileInvalid(
            f"The file has {('no', 'one')[len(places)]} column{' left' if ignore else ''}: at least one for the input and one "
            f"for the target are needed{_HINT * bool(source.separator)}."
        )
    columns = [Cells(names[place], most_different(len(places)), source.noun) for place in places]
    return Table(source, columns, places, list(ignore))


def _write(table: Table, folder: Path) -> tuple[Profile, int, Rows]:
    """The second pass; returns what was seen, the number of rows that are complete, and the first of them."""
    holes, width = any(column.empty for column in table.columns), len(table.columns)
    labelled = [index for index, column in enumerate(table.columns) if column.is_text or column.merges]
    table.labels = {index: Labels(most_different(width)) for index in labelled}
    extra = sum(not table.columns[index].is_text for index in labelled)
    profile, kept, preview = Profile([column.name for column in table.columns]), 0, Rows()
    with ExitStack() as files:
        numbers = files.enter_context(GrowingArray(folder / "values.npy", np.float64, width + extra))
        texts = {
            index: files.enter_context(GrowingTexts(folder, index))
            for index, column in enumerate(table.columns)
            if column.is_prose
        }
        for _, block in table.blocks():
            complete = [cells for cells in block if not any(map(is_missing, cells))] if holes else block
            if complete:
                values = _values(table, complete)
                numbers.append(values)
                for index, file in texts.items():
                    file.append([cells[index] for cells in complete])
                profile.see(values[:, :width])
                kept += len(complete)
                preview += map(_shown, complete[: PREVIEW_ROWS - len(preview)])
        table.words = {index: file.words for index, file in texts.items()}
    return profile, kept, preview


def _shown(cells: Sequence[str]) -> list[str]:
    return [cell[:PREVIEW_CHARACTERS] for cell in cells[:PREVIEW_COLUMNS]]


def _values(table: Table, block: Sequence[Sequence[str]]) -> Floats:
    """The numbers [n, columns], and after them the labels that they do not tell apart."""
    values, codes = np.empty((len(block), len(table.columns))), []
    for index, cells in enumerate(zip(*block, strict=True)):
        labels = table.labels[index].code(list(map(str.strip, cells))) if index in table.labels else []
        if table.columns[index].is_text:
            values[:, index] = labels
            continue
        numbers = map(_seconds, cells) if table.columns[index].is_time else map(float, cells)
        values[:, index] = np.fromiter(numbers, np.float64, len(cells))
        codes += [labels] if labels else []
    return np.column_stack([values, *codes])


def _seconds(cell: str) -> float:
    found = moment(cell.strip())
    assert found
    return float(found)


def _columns(table: Table, profile: Profile) -> list[Column]:
    found, place = [], len(table.columns)
    for index, (cells, column) in enumerate(zip(table.columns, profile.columns(), strict=True)):
        unit = SINCE_1970 if cells.is_time else table.source.units.get(table.places[index], "")
        more: dict[str, object] = {"empty": cells.empty, "unit": unit}
        if index in table.labels:
            more["counts"] = table.labels[index].counts
        if cells.is_text:
            found.append(
                Column(name=cells.name, type="text", prose=cells.is_prose, **table.words.get(index, {}), **more)
            )
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
