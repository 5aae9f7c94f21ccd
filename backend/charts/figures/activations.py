"""Spread of activations."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.layers import layers

METRIC = "activation_std"


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Standard deviation of each layer's outputs, after its activation: near 0 no signal passes."""
    return layers(
        runs, options, METRIC, "mean of the layers", {"title": {"text": "standard deviation"}, "rangemode": "tozero"}
    )


chart = Chart("Spread of activations", draw, metrics=(METRIC, f"{METRIC}/*"), group="diagnosis", rank=2)
