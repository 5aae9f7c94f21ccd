"""Mean of activations."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.layers import layers

METRIC = "activation_mean"


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Mean of each layer's outputs, after its activation."""
    return layers(runs, options, METRIC, "mean of the layers", {"title": {"text": "mean"}})


chart = Chart("Mean of activations", draw, metrics=(METRIC, f"{METRIC}/*"), group="diagnosis", rank=3)
