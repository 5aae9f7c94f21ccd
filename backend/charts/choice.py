"""What of many measured artifacts is asked for: the front, those that meet a constraint, and those to be shown."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backend.charts.artifacts import Artifacts, Column
from backend.charts.data import Options
from backend.charts.front import by_cost, first_of, spread
from backend.charts.measures import wide
from backend.spec.constraints import comparisons
from backend.spec.measures import measure_of, quality_of

MAX_SHOWN = 600  # artifacts that are drawn and listed one by one; of more the front, the best and a spread of the rest
BEST = 100
NEAREST = 3

Places = NDArray[np.intp]  # places of artifacts in the columns


@dataclass(frozen=True, eq=False)
class Choice:
    quality: str
    goal: str  # what the best has least of
    asked: Places  # those that are wanted, and whose quality was measured
    able: Places  # those of them whose goal was measured, the best first
    front: NDArray[np.bool_]  # [artifact], weighing quality against the goal
    drawn_front: NDArray[np.bool_]  # [artifact], weighing quality against the cost of the chart
    meeting: Places  # the best first
    near: Places  # when none meets the constraint, those that miss it by least
    shown: Places  # all that are asked, or of too many those that matter and a spread of the others


@lru_cache(maxsize=4)
def choose(artifacts: Artifacts, options: Options) -> Choice:
    """What `options` ask of the artifacts. Remembered: an answer and its chart ask the same."""
    wanted = artifacts.among(options.formats, options.devices)
    quality = options.quality or quality_of(artifacts.measured)
    goal = options.minimize or options.cost
    asked = np.flatnonzero(wanted & ~np.isnan(artifacts.column(quality)))
    able, first = _weighed(artifacts, asked, goal, quality)
    drawn = first if goal == options.cost else _weighed(artifacts, asked, options.cost, quality)[1]
    miss = _misses(artifacts, able, options)
    meeting = able[miss == 0]
    near = able[np.argsort(miss, kind="stable")][: 0 if len(meeting) else NEAREST]
    kept = np.concatenate([np.flatnonzero(first | drawn), meeting[:BEST], near])
    shown = _shown(artifacts, asked, kept, options.cost, quality)
    return Choice(quality, goal, asked, able, first, drawn, meeting, near, shown)


def upward(artifacts: Artifacts, field: str) -> Column:
    """The field, turned so that more is better."""
    values = artifacts.column(field)
    return values if measure_of(field).larger_is_better else -values


def _weighed(artifacts: Artifacts, asked: Places, cost: str, quality: str) -> tuple[Places, NDArray[np.bool_]]:
    """Those whose cost was measured, the cheapest first and of equals the best; and which of all are on the front."""
    costs = -upward(artifacts, cost)[asked]
    having = asked[~np.isnan(costs)]
    costs, gains = costs[~np.isnan(costs)], upward(artifacts, quality)[having]
    order = by_cost(costs, gains)
    on_front = np.zeros(len(artifacts), dtype=bool)
    on_front[having] = first_of(order, costs, gains)
    return having[order], on_front


def _misses(artifacts: Artifacts, able: Places, options: Options) -> Column:
    if options.where is None:
        return np.zeros(len(able))
    columns = {one.field: artifacts.column(one.field)[able] for one in comparisons(options.where)}
    misses: Column = options.where.miss(columns, np.where)
    return misses


def _shown(artifacts: Artifacts, asked: Places, kept: Places, cost: str, quality: str) -> Places:
    if len(asked) <= MAX_SHOWN:
        return asked
    across, up = artifacts.column(cost)[asked], artifacts.column(quality)[asked]
    if wide(across[~np.isnan(across)]):
        across = np.log(across)
    return np.union1d(kept, asked[spread(across, up, MAX_SHOWN)])
