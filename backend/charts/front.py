"""The Pareto front, and which points a crowd is drawn by."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

GRIDS = tuple((96 * size // 32, 40 * size // 32) for size in (32, 24, 18, 13, 10, 7, 5, 3, 2))
"""Columns and rows of cells, from those no wider than a marker on."""


def front(costs: ArrayLike, gains: ArrayLike) -> NDArray[np.bool_]:
    """Marks the points of the Pareto front: no other point is at least as good in both respects and better in one."""
    costs, gains = np.asarray(costs, dtype=float), np.asarray(gains, dtype=float)
    return first_of(by_cost(costs, gains), costs, gains)


def by_cost(costs: NDArray[Any], gains: NDArray[Any]) -> NDArray[np.intp]:
    """The cheapest first, and of those that cost the same the best."""
    return np.lexsort((-gains, costs))


def first_of(order: NDArray[np.intp], costs: NDArray[Any], gains: NDArray[Any]) -> NDArray[np.bool_]:
    """Marks the points of the front, when the points are in this order by cost."""
    cost, gain = costs[order], gains[order]
    before = np.maximum.accumulate(np.concatenate([[-np.inf], gain]))[:-1]  # the best gain at less cost
    better = gain > before
    last = np.maximum.accumulate(np.where(better, np.arange(len(order)), 0))  # the last one on the front so far
    on_front = np.zeros(len(order), dtype=bool)
    on_front[order] = better | ((gain == gain[last]) & (cost == cost[last]))
    return on_front


def mark_front(costs: NDArray[Any]) -> NDArray[np.bool_]:
    """Marks the points that no other point dominates: at least as good in every respect and better in one.
    `costs` [point, respect] are to be small."""
    if costs.shape[1] == 2:
        return front(costs[:, 0], -costs[:, 1])
    # Who beats a point comes before it: its sum is smaller, or, rounded, the same and then the first cost that differs is.
    left = np.lexsort((*costs.T[::-1], costs.sum(1)))
    found = np.zeros(len(costs), dtype=bool)
    while len(left):
        first, left = left[0], left[1:]
        found[first] = True
        mine, theirs = costs[first], costs[left]
        left = left[(theirs < mine).any(1) | (theirs == mine).all(1)]
    return found


def spread(across: NDArray[Any], up: NDArray[Any], most: int) -> NDArray[np.intp]:
    """Places of points that show where all lie: the first one in each cell of the finest grid of which at most `most`
    cells hold any. What is not finite lies at the edge."""
    for columns, rows in GRIDS:
        cells = _cell(across, columns) * rows + _cell(up, rows)
        first = np.full(columns * rows, -1)
        first[cells[::-1]] = np.arange(len(cells))[::-1]
        if np.count_nonzero(first >= 0) <= most:
            break
    return np.sort(first[first >= 0])


def _cell(values: NDArray[Any], number: int) -> NDArray[np.intp]:
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    share = (values - low) / (high - low) if high > low else np.zeros(len(values))
    cells: NDArray[np.intp] = np.clip(np.nan_to_num(share * number, posinf=number), 0, number - 1).astype(np.intp)
    return cells
