"""Cells of a text file: what is missing, what is a number, and what is one in a notation that is not read."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from backend.data.columns import LARGEST, Floats
from backend.data.faults import FileInvalid
from backend.data.times import moment
from backend.domain.experiment.upload_plan import MOST_CATEGORIES

Missing = Literal["refuse", "leave_out"]

MISSING = frozenset(
    {"", "na", "n/a", "#na", "#n/a", "#n/a n/a", "<na>", "null", r"\n", "?"}
    | {
        "nan",
        "+nan",
        "-nan",
        "nan(ind)",
        "-nan(ind)",
        "nan(snan)",
        "-nan(snan)",
        "1.#qnan",
        "-1.#qnan",
        "1.#ind",
        "-1.#ind",
    }  # as C prints it
)
_LONGEST_MISSING = max(map(len, MISSING))

_DECIMAL_COMMA = re.compile(r"[+-]?(\d*|\d{1,3}([.\s]\d{3})+),\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([,'’\s]\d{3})+(\.\d*)?")
_MINUS = re.compile(r"\u2212(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def is_missing(cell: str) -> bool:
    """Tells whether nothing is in the cell, however it is padded. Who reads, counts or leaves out cells asks here."""
    cell = cell.strip()
    return len(cell) <= _LONGEST_MISSING and cell.lower() in MISSING


def number(cell: str) -> float | None:
    """The cell as a number; None when it is none. Python also reads `1_000`, which nobody means."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def foreign(cell: str) -> frozenset[str]:
    """Readings of a number in a notation that is not read: `decimal` commas, `thousands` that are parted, a `minus` sign of
    typography."""
    readings = {"decimal": _DECIMAL_COMMA, "thousands": _THOUSANDS, "minus": _MINUS}
    return frozenset(name for name, pattern in readings.items() if pattern.fullmatch(cell))


@dataclass
class Cells:
    """Content of a column: numbers, texts, missing values."""

    name: str
    most: int  # different texts that are kept
    noun: str = "Line"  # word for one row in sentences
    numbers: int = 0
    texts: int = 0
    times: int = 0  # texts that are dates or times
    first_untimely: tuple[int, str] = (0, "")  # text that is neither
    empty: int = 0
    first_text: tuple[int, str] = (0, "")
    first_empty: int = 0
    foreign: int = 0  # texts that are numbers in another notation
    first_foreign: tuple[int, str] = (0, "")
    readings: frozenset[str] = frozenset({"decimal", "thousands", "minus"})  # that all of them allow
    written: set[str] | None = field(default_factory=set)  # its numbers as they are written, while they are few
    different: set[str] = field(default_factory=set)  # the first of its texts, one more than become inputs of their own

    def see(self, lines: Sequence[int], cells: Sequence[str]) -> None:
        """More cells, and the numbers of their lines."""
        if _all_numbers(cells):
            self._keep(set(cells))
            self.numbers += len(cells)
            return
        for cell, count in Counter(cells).items():  # in the order in which they first came
            self._see(lines[cells.index(cell)], cell.strip(), count)

    def _see(self, line: int, cell: str, count: int) -> None:
        if is_missing(cell):
            self.first_empty = self.first_empty or line
            self.empty += count
        elif (value := number(cell)) is None:
            self._see_text(line, cell, count)
        elif not abs(value) <= LARGEST:
            raise FileInvalid(f"{self._where((line, cell))} is infinite or too large; write a number up to 3e38.")
        else:
            self._keep({cell})
            self.numbers += count

    def _see_text(self, line: int, cell: str, count: int) -> None:
        self.first_text = self.first_text if self.texts else (line, cell)
        self.texts += count
        if moment(cell):
            self.times += count
        elif self.times == self.texts - count:
            self.first_untimely = (line, cell)
        if len(self.different) <= MOST_CATEGORIES:
            self.different.add(cell)
        if readings := foreign(cell):
            self.first_foreign = self.first_foreign if self.foreign else (line, cell)
            self.readings = self.readings & readings or readings
            self.foreign += count

    def _keep(self, cells: set[str]) -> None:
        if self.written is not None:
            self.written |= {cell.strip() for cell in cells}
            self.written = self.written if len(self.written) <= self.most else None

    @property
    def merges(self) -> bool:
        """Tells whether labels that differ are one number: `01` and `1`, or two beyond 2^53."""
        return bool(self.written) and len(set(map(float, self.written or ()))) < len(self.written or ())

    @property
    def is_text(self) -> bool:
        return self.texts > 0 and not self.is_time

    @property
    def is_time(self) -> bool:
        """Tells whether all its cells are dates or times, which are read as seconds."""
        return self.times > 0 and self.times == self.texts and not self.numbers

    @property
    def is_prose(self) -> bool:
        """Tells whether there are too many different texts for one input each, so that their words may be learnt from."""
        return len(self.different) > MOST_CATEGORIES and not self.is_time

    def check(self, missing: Missing) -> None:
        """Raises FileInvalid for a column that is neither numbers nor texts, or has holes where none may be."""
        noun = self.noun.lower()
        if self.empty and missing == "refuse":
            raise FileInvalid(
                f"{self.noun} {self.first_empty} has nothing in column `{self.name}` ({self.empty:,} such {noun}"
                f"{'s' * (self.empty > 1)}): fill in the cells, or choose to leave out {noun}s with missing values."
            )
        if self.texts + self.numbers == 0:
            raise FileInvalid(f"Column `{self.name}` is empty in every {noun}: leave it out.")
        if self.foreign and 2 * self.foreign >= self.texts:
            raise FileInvalid(f"{self._where(self.first_foreign)} {self._notation()}.")
        if self.texts and self.numbers > self.texts:
            raise FileInvalid(
                f"{self._where(self.first_text)} is not a number, unlike the rest of the column: correct it, or leave the {noun} out."
            )

        if self.texts > self.times > self.texts / 2:
            raise FileInvalid(
                f"{self._where(self.first_untimely)} is not a date, unlike the rest of the column: correct it, or leave the {noun} out."
            )

    def _notation(self) -> str:
        if len(self.readings) > 1:
            return (
                "can be read in two ways: if its comma parts thousands, leave it out; if it is a decimal comma, write "
                "a point"
            )
        if "decimal" in self.readings:
            return "has a decimal comma: write numbers with a point, and with nothing between thousands"
        if "minus" in self.readings:
            return "has a minus sign of typography (U+2212): write `-`"
        return "has its thousands parted: write numbers with nothing between thousands"

    def _where(self, found: tuple[int, str]) -> str:
        return f"{self.noun} {found[0]}, column `{self.name}`: `{found[1][:40]}`"


def _all_numbers(cells: Sequence[str]) -> bool:
    """Tells whether all cells are numbers, none of them too large."""
    if "_" in "".join(cells):
        return False
    try:
        values: Floats = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return False
    return bool((np.abs(values) <= LARGEST).all())
