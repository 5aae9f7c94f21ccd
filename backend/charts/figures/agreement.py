"""Agreement with the teacher."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (Role("distillation/agreement", "agreement"),)


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Share of a batch's samples of which the student chooses the same class as its teacher."""
    return curves(runs, options, ROLES, {"title": {"text": "agreement"}, "tickformat": ".0%"}, number=".2%")


chart = Chart("Agreement with the teacher", draw, metrics=tuple(role.metric for role in ROLES), rank=61)
