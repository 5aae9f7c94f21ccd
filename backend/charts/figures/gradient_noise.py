"""Gradient noise."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (Role("gradient_noise", "noise scale"),)


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Batch size beyond which larger batches gain little, estimated at each probe: single values scatter."""
    yaxis = {"title": {"text": "samples"}, "type": "log", "exponentformat": "power"}
    return curves(runs, options, ROLES, yaxis, number=".3g")


chart = Chart("Gradient noise", draw, metrics=tuple(role.metric for role in ROLES), group="diagnosis", rank=5)
