"""Fits scalings to samples, in float64."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from worker.data.sources import Source, blocks
from worker.data.tensors import Array, Scaling

Doubles = NDArray[np.float64]

ROUNDING = (
    8 * np.finfo(np.float64).eps
)  # relative: numbers that differ by less are one number, computed in several ways


def moments(train: Source, axis: tuple[int, ...]) -> Scaling:
    """Zero mean and unit deviation over `axis` of `train` [n, …]; what is constant becomes zero."""
    count = np.prod([train.shape[dimension] for dimension in axis])
    near = train[:1].astype(np.float64).min(axis=axis, keepdims=True)  # sums are taken from here: nothing is cancelled
    mean = near + sum((block - near).sum(axis=axis, keepdims=True) for block in _blocks(train)) / count
    squares = sum(np.square(block - mean).sum(axis=axis, keepdims=True) for block in _blocks(train))
    return scaling(mean[0], np.sqrt(squares / count)[0], np.abs(mean[0]))


def scaling(start: Doubles, extent: Doubles, size: Doubles) -> Scaling:
    """Maps `start` to 0 and `start + extent` to 1; an extent that is mere rounding of numbers of this `size` to 0."""
    return Scaling(start, np.where(extent > ROUNDING * size, extent, np.inf))


def extremes(train: Source) -> tuple[Array, Array]:
    """The lowest and the highest number of each feature of `train` [n, …], or of each pixel."""
    lows, highs = zip(*((block.min(axis=0), block.max(axis=0)) for block in blocks(train)), strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def _blocks(train: Source) -> Iterator[Doubles]:
    return (block.astype(np.float64) for block in blocks(train))
