"""Selects measured artifacts: the Pareto front, those that meet a constraint, and those to display."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.charts.artifacts import Artifacts, Column
from backend.charts.data import Options
from backend.charts.front import by_cost, first_of, spread
from backend.charts.measures import wide
from backend.charts.scope import called
from backend.domain.constraint_tree import comparisons, named
from backend.domain.measures import measure_of, quality_of

MAX_SHOWN = 600  # artifacts that are drawn and listed one by one; of more the front, the best and a spread of the rest
BEST = 100
NEAREST = 3

Places = NDArray[np.intp]  # places of artifacts in the columns
Names = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Choice:
    quality: str
    goal: str  # what the best has least of
    candidates: Places  # those that are wanted, and whose quality was measured
    able: Places  # those of them whose goal was measured, the best first
    front: NDArray[np.bool_]  # [artifact], weighing quality against the goal
    drawn_front: NDArray[np.bool_]  # [artifact], weighing quality against the cost of the chart
    meeting: Places  # the best first
    near: Places  # when none meets the constraint, those that miss it by least
    shown: Places  # all that are asked, or of too many those that matter and a spread of the others


@lru_cache(maxsize=4)
def choose(artifacts: Artifacts, options: Options) -> Choice:
    """The artifacts that `options` ask for. Cached, since an answer and its chart ask the same."""
    quality = options.quality or quality_of(artifacts.measured)
    goal = options.minimize or options.cost
    candidates = _candidates(artifacts, options.formats, options.devices, quality)
    able, first = _weighed(artifacts, options.formats, options.devices, goal, quality)
    drawn = _weighed(artifacts, options.formats, options.devices, options.cost, quality)[1]
    miss = _misses(artifacts, able, options)
    meeting = able[miss == 0]
    near = able[:0] if len(meeting) else able[np.argsort(miss, kind="stable")][:NEAREST]
    shown = candidates
    if len(candidates) > MAX_SHOWN:
        crowd = _spread(artifacts, options.formats, options.devices, options.cost, quality)
        shown = np.unique(np.concatenate([crowd, np.flatnonzero(first | drawn), meeting[:BEST], near]))
    return Choice(quality, goal, candidates, able, first, drawn, meeting, near, shown)


def upward(artifacts: Artifacts, field: str) -> Column:
    """The field, turned so that more is better."""
    values = artifacts.column(field)
    return values if measure_of(field).larger_is_better else -values


# What does not depend on the constraint is remembered while it is changed.


@lru_cache(maxsize=4)
def _candidates(artifacts: Artifacts, formats: Names, devices: Names, quality: str) -> Places:
    return np.flatnonzero(artifacts.among(formats, devices) & ~np.isnan(artifacts.column(quality)))


@lru_cache(maxsize=8)
def _weighed(
    artifacts: Artifacts, formats: Names, devices: Names, cost: str, quality: str
) -> tuple[Places, NDArray[np.bool_]]:
    """Those whose cost was measured, the cheapest first and of equals the best; and which of all are on the front."""
    candidates = _candidates(artifacts, formats, devices, quality)
    costs = -upward(artifacts, cost)[candidates]
    having = candidates[~np.isnan(costs)]
    costs, gains = costs[~np.isnan(costs)], upward(artifacts, quality)[having]
    order = by_cost(costs, gains)
    on_front = np.zeros(len(artifacts), dtype=bool)
    on_front[having] = first_of(order, costs, gains)
    return having[order], on_front


@lru_cache(maxsize=4)
def _spread(artifacts: Artifacts, formats: Names, devices: Names, cost: str, quality: str) -> Places:
    """Of a crowd some that show where all lie."""
    candidates = _candidates(artifacts, formats, devices, quality)
    across, up = artifacts.column(cost)[candidates], artifacts.column(quality)[candidates]
    if wide(across[~np.isnan(across)]):
        across = np.log(across)
    return candidates[spread(across, up, MAX_SHOWN)]


def _misses(artifacts: Artifacts, able: Places, options: Options) -> Column:
    if options.where is None:
        return np.zeros(len(able))
    columns: dict[str, Any] = {one.field: artifacts.column(one.field)[able] for one in comparisons(options.where)}
    if named(options.where):
        columns |= called(artifacts, able.tolist(), dict(options.uploads))
    misses: Column = options.where.miss(columns, np.where)
    return misses
