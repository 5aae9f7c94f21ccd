"""Profiles the columns of a matrix of numbers, block by block."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.data.faults import FileInvalid
from backend.domain.experiment.upload_facts import Column
from backend.domain.experiment.upload_plan import MOST_CATEGORIES, MOST_CLASSES

Floats = NDArray[np.float64]

MOST_COLUMNS = 10_000
MOST_CELLS = 100_000_000
MOST_COUNTED = 1_000_000  # different values that are counted, in all columns together
LARGEST = float(np.finfo(np.float32).max)


def most_different(columns: int) -> int:
    """Most distinct values that are counted, in each of so many columns."""
    return min(MOST_CLASSES, max(MOST_CATEGORIES + 1, MOST_COUNTED // columns))


class Profile:
    """Range, mean and counts of each column of a matrix that is seen a block of rows at a time."""

    def __init__(self, names: Sequence[str], integer: bool = False) -> None:
        count = len(names)
        self.names, self.integer, self.rows = names, integer, 0
        self.least, self.greatest = np.full(count, math.inf), np.full(count, -math.inf)
        self.sum, self.whole = np.zeros(count), np.ones(count, bool)
        self.counts: list[dict[float, int] | None] = [{} for _ in names]
        self.most = most_different(count)

    def see(self, block: Floats, exact: NDArray[Any] | None = None) -> None:
        """The next rows [n, columns], all finite; `exact` are the same where they do not fit into float64."""
        labels = block if exact is None else exact
        self.rows += len(block)
        self.least = np.minimum(self.least, block.min(axis=0))
        self.greatest = np.maximum(self.greatest, block.max(axis=0))
        self.sum += block.sum(axis=0)
        self.whole &= (block == np.floor(block)).all(axis=0)
        for index, known in enumerate(self.counts):
            if known is not None:
                self.counts[index] = self._counted(known, labels[:, index]) if self.whole[index] else None

    def _counted(self, known: dict[float, int], values: NDArray[Any]) -> dict[float, int] | None:
        for value, rows in zip(*(part.tolist() for part in np.unique(values, return_counts=True)), strict=True):
            known[value] = known.get(value, 0) + rows
            if len(known) > self.most:
                return None
        return known

    def columns(self) -> list[Column]:
        """Profiles of the columns that were seen."""
        return [self._column(index) for index in range(len(self.names))]

    def _column(self, index: int) -> Column:
        known = self.counts[index]
        return Column(
            name=self.names[index],
            type="number",
            least=float(self.least[index]),
            greatest=float(self.greatest[index]),
            mean=float(self.sum[index] / self.rows),
            whole=bool(self.whole[index]),
            integer=self.integer,
            counts=None if known is None else {str(int(value)): known[value] for value in sorted(known)},
        )


def check_size(rows: int, columns: int) -> None:
    """Raises FileInvalid for a table that is too large to be held."""
    if columns > MOST_COLUMNS:
        raise FileInvalid(
            f"The table has {columns:,} columns; at most {MOST_COLUMNS:,} are accepted: leave some out, or send the inputs as "
            "an array (NPZ)."
        )
    if rows * columns > MOST_CELLS:
        raise FileInvalid(f"The table has more than {MOST_CELLS:,} cells: leave rows or columns out.")
