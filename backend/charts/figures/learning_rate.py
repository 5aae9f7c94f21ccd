"""Learning rate."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (Role("learning_rate", "learning rate"),)


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """The rate that each step was taken with."""
    yaxis = {"title": {"text": "learning rate"}, "rangemode": "tozero", "exponentformat": "power"}
    return curves(runs, options, ROLES, yaxis, number=".3g")


chart = Chart("Learning rate", draw, metrics=tuple(role.metric for role in ROLES), rank=3, expected=True)
