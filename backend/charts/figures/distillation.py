"""Distillation."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (
    Role("distillation/loss", "loss of the labels alone", strong=False),
    Role("distillation/objective", "distillation loss"),
)


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """The loss that a student minimizes, strong, beside the loss of the labels on the same batches, faint."""
    return curves(runs, options, ROLES, {"title": {"text": "loss"}})


chart = Chart("Distillation", draw, metrics=tuple(role.metric for role in ROLES), rank=60)
