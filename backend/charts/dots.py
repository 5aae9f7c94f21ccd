"""Trials as dots, each of which leads to its run."""

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.trials import TrialData

CROWD = 1500  # dots that are drawn; of more an even choice

Value = Callable[[TrialData], float]


def dots(trials: Sequence[TrialData], x: Value, y: Value, told: Callable[[TrialData], str], **look: Any) -> go.Scatter:
    """One dot a trial, at `x` and `y`; `told` is what its tooltip says after the trial's number."""
    return go.Scatter(
        x=[x(trial) for trial in trials],
        y=[y(trial) for trial in trials],
        mode="markers",
        customdata=[trial.number for trial in trials],
        text=[told(trial) for trial in trials],
        hovertemplate="trial %{customdata}: %{text}<extra></extra>",
        meta={"role": "trials"},
        **look,
    )


def thinned(trials: Sequence[TrialData]) -> Sequence[TrialData]:
    return trials[:: -(-len(trials) // CROWD)] if len(trials) > CROWD else trials


def first(trial: TrialData) -> float:
    """The first objective."""
    return trial.values[0]
