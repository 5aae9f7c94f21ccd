"""Reduces the points of a chart without losing anything that an eye would see."""

import numpy as np
from numpy.typing import NDArray

from backend.store.chunks import Floats, Steps

Indices = NDArray[np.int64]


def bucket(steps: Steps, values: Floats, pixels: int) -> Indices:
    """Selects the points to draw: indices, ascending, at most 2 · `pixels` of them.

    steps [n] ascending, values [n]. The range of steps is cut into equal buckets; of each are kept its finite
    minimum and maximum and its first NaN, first +∞ and first −∞, and of the whole curve its two ends. So a spike or a
    diverged value is never hidden. Everything is kept when it fits. `pixels` is at least 8.
    """
    assert pixels >= 8
    if len(values) <= 2 * pixels:
        return np.arange(len(values), dtype=np.int64)
    strange = sum(bool(mask.any()) for mask in _strange(values))
    return extremes(_buckets(steps, (2 * pixels - 2) // (2 + strange)), values)


def extremes(buckets: Indices, values: Floats) -> Indices:
    """Selects the visible points of each bucket: its first finite minimum and maximum, its first NaN, +∞ and −∞; and
    the two ends of it all. buckets [n], ascending, values [n]; n is at least 1."""
    finite = np.isfinite(values)
    lowest = _firsts(buckets, _extreme(buckets, np.where(finite, values, np.inf), np.minimum) & finite)
    highest = _firsts(buckets, _extreme(buckets, np.where(finite, values, -np.inf), np.maximum) & finite)
    ends = np.array([0, len(values) - 1], dtype=np.int64)
    strange = [_firsts(buckets, mask) for mask in _strange(values)]
    return np.unique(np.concatenate([ends, lowest, highest, *strange]))


def _strange(values: Floats) -> list[NDArray[np.bool_]]:
    return [np.isnan(values), np.isposinf(values), np.isneginf(values)]


def _buckets(steps: Steps, count: int) -> Indices:
    """The bucket of each point: 0 … count − 1, ascending."""
    span = float(steps[-1]) - float(steps[0]) + 1.0
    return np.asarray(np.minimum((steps - steps[0]) / span * count, count - 1), dtype=np.int64)


def _extreme(buckets: Indices, values: Floats, of: np.ufunc) -> NDArray[np.bool_]:
    """Marks the values that equal their bucket's extreme."""
    starts = np.flatnonzero(np.diff(buckets, prepend=-1))
    sizes = np.diff(starts, append=len(values))
    return np.asarray(values == np.repeat(of.reduceat(values, starts), sizes))


def _firsts(buckets: Indices, mask: NDArray[np.bool_]) -> Indices:
    """The first masked point of each bucket."""
    where = np.flatnonzero(mask)
    return where[np.flatnonzero(np.diff(buckets[where], prepend=-1))]
