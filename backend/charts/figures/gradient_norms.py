"""Gradient norms."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.layers import layers

METRIC = "gradient_norm"


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """The length of the loss's gradient, of the whole model and of each layer."""
    yaxis = {"title": {"text": "norm"}, "type": "log", "exponentformat": "power"}
    return layers(runs, options, METRIC, "whole model", yaxis)


chart = Chart("Gradient norms", draw, metrics=(METRIC, f"{METRIC}/*"), group="diagnosis", rank=0)
