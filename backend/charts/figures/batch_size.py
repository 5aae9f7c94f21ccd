"""Batch size."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (Role("batch_size", "batch size", joined=False),)


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """The samples that each step saw; the last one of an epoch sees what is left."""
    return curves(runs, options, ROLES, {"title": {"text": "samples"}, "rangemode": "tozero"}, number=",.0f")


chart = Chart("Batch size", draw, metrics=tuple(role.metric for role in ROLES), rank=4)
