"""Learning rate."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData, Summary
from backend.charts.theme import LOOKS

ROLES = (Role("learning_rate", "learning rate"),)


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Learning rate of each step; for a single run beside the planned one."""
    yaxis = {"title": {"text": "learning rate"}, "rangemode": "tozero", "exponentformat": "power"}
    drawn = curves(runs, options, ROLES, yaxis, number=".3g")
    own = [run for run in runs if not run.counterfactual]
    if len(own) == 1:
        drawn.add_traces([_planned(shown, options) for shown in own[0].summaries_of("plan")])
    return drawn


def _planned(plan: Summary, options: Options) -> go.Scatter:
    """Planned rates of a training phase, from its first step."""
    return go.Scatter(
        x=plan.step + np.array(plan.body["steps"]),
        y=np.array(plan.body["rates"]),
        name="planned",
        legendgroup="planned",
        showlegend=plan.stage == 0,
        mode="lines",
        line={"color": LOOKS[options.theme].faint, "width": 1.3, "dash": "dot"},
        hovertemplate="planned: %{y:.3g} at step %{x:,d}<extra></extra>",
    )


METRICS = tuple(role.metric for role in ROLES)
chart = Chart("Learning rate", draw, metrics=METRICS, summaries=("plan",), rank=3, expected=True)
