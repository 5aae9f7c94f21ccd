"""A few points of a column that represent all of it: those that a chart would keep, whatever its width.

A column is cut into cells of so many points. Of each are kept the first finite minimum and maximum, the first NaN, +∞
and −∞, and of the whole column its two ends: what `bucket` keeps of a bucket that is made of whole cells.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.store.blocks.packing import join, pack, split, unpack
from backend.store.chunks import Floats, Steps
from backend.store.downsample import extremes

FINE, COARSE = 64, 1024  # points in a cell


@dataclass(frozen=True, eq=False)
class Level:
    """The kept points of each cell, in order."""

    steps: Steps  # [n]
    times: Floats  # [n] seconds
    values: Floats  # [n]
    sizes: NDArray[np.uint8]  # [cells] points that are kept

    @property
    def cells(self) -> Steps:
        """The step [n] at which the kept points of the point's cell begin: the same for all points of a cell."""
        begins = np.cumsum(self.sizes, dtype=np.int64) - self.sizes
        return np.repeat(self.steps[begins], self.sizes)


def thin(steps: Steps, times: Floats, values: Floats, size: int) -> Level:
    """steps [n], rising, times [n], values [n], n ≥ 1; `size` points in a cell."""
    cells = np.arange(len(values), dtype=np.int64) // size
    kept = extremes(cells, values)
    sizes = np.bincount(cells[kept]).astype(np.uint8)
    return Level(steps[kept], times[kept], values[kept], sizes)


def encode(level: Level) -> bytes:
    narrow = level.values.astype("<f4")
    exact = narrow.astype(np.float64).tobytes() == level.values.tobytes()
    values = narrow if exact else level.values
    return join([values.dtype.str.encode(), *map(pack, (level.sizes, level.steps, level.times, values))])


def decode(blob: bytes) -> Level:
    dtype, sizes, steps, times, values = split(blob, 5)
    return Level(
        steps=unpack(steps, "<i8"),
        times=unpack(times, "<f8"),
        values=unpack(values, dtype.decode()).astype(np.float64),
        sizes=unpack(sizes, "<u1"),
    )
