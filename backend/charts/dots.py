"""Trials as dots, each of which leads to its run."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from backend.charts.front import spread
from backend.charts.trials import TrialData

CROWD = 600  # dots that are drawn one by one; of more one in each place

Value = Callable[[TrialData], float]


def dots(
    trials: Sequence[TrialData], x: Value, y: Value, describe: Callable[[TrialData], str], **look: Any
) -> go.Scatter:
    """One dot a trial, at `x` and `y`; `describe` is what its tooltip says after the trial's number."""
    return go.Scatter(
        x=[x(trial) for trial in trials],
        y=[y(trial) for trial in trials],
        mode="markers",
        customdata=[trial.number for trial in trials],
        text=[describe(trial) for trial in trials],
        hovertemplate="trial %{customdata}: %{text}<extra></extra>",
        meta={"role": "trials"},
        **look,
    )


def thin(trials: Sequence[TrialData], x: Value, y: Value, kept: Collection[int] = ()) -> Sequence[TrialData]:
    """Of a crowd the first trial in each place of the chart, and those whose numbers are `kept`."""
    if len(trials) <= CROWD:
        return trials
    places = spread(np.array([x(trial) for trial in trials]), np.array([y(trial) for trial in trials]), CROWD)
    shown = {trials[place].number for place in places}.union(kept)
    return [trial for trial in trials if trial.number in shown]


def first(trial: TrialData) -> float:
    """The first objective."""
    return trial.values[0]
