"""Curves of a run as columns."""

import importlib
from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

from client.errors import LatheError
from client.wire.connection import Wire
from client.wire.models import Points, Series

PIXELS = 100_000  # buckets that are asked for: shorter curves come whole

Table = dict[str, list[Any]]


def points(
    wire: Wire, run_id: str, metrics: Sequence[str], first: int | None, last: int | None, pixels: int
) -> dict[str, Series]:
    """The curves by metric; all of them when no metric is named. The curve of a metric without points is empty."""
    query = {"metrics": ",".join(metrics) or None, "from": first, "until": last, "pixels": pixels}
    answer = Points.model_validate(wire.get(f"/api/runs/{run_id}/points", query))
    curves = {one.metric: one for one in answer.series}
    return {name: curves.get(name) or _empty(name) for name in metrics or curves}


def _empty(metric: str) -> Series:
    return Series(metric=metric, steps=[], times=[], values=[], points=0)


def table(curves: Mapping[str, Series]) -> Table:
    """Columns `step`, `seconds` and one for each metric, with a row for each step; NaN where a metric has no value."""
    seconds = {step: time for one in curves.values() for step, time in zip(one.steps, one.times, strict=True)}
    steps = sorted(seconds)
    columns: Table = {"step": steps, "seconds": [seconds[step] for step in steps]}
    for metric, one in curves.items():
        values = dict(zip(one.steps, one.values, strict=True))
        columns[metric] = [values.get(step, nan) for step in steps]
    return columns


def frame(columns: Table, index: str | None = None) -> Any:
    """The columns as a pandas DataFrame. Raises LatheError when pandas is not installed."""
    try:
        pandas = importlib.import_module("pandas")
    except ModuleNotFoundError:
        detail = "A DataFrame needs pandas, which is not installed: `pip install pandas`."
        raise LatheError("PandasMissing", detail) from None
    made = pandas.DataFrame(columns)
    return made if index is None else made.set_index(index)
