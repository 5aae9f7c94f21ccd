"""R²."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (Role("validation/r2", "validation"),)


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """The share of the targets' variance that is explained."""
    return curves(runs, options, ROLES, {"title": {"text": "R²"}}, number=".4f")


chart = Chart("R²", draw, metrics=tuple(role.metric for role in ROLES), rank=1)
