"""Accuracy."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (Role("train/accuracy", "train", strong=False), Role("validation/accuracy", "validation"))


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Share of samples that are classified correctly: of each step's batch faint, on the validation split strong."""
    return curves(runs, options, ROLES, {"title": {"text": "accuracy"}, "tickformat": ".0%"}, number=".2%")


chart = Chart("Accuracy", draw, metrics=tuple(role.metric for role in ROLES), rank=1, expected=True)
