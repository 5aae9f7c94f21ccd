"""Updates relative to weights."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.layers import layers

METRIC = "update_ratio"


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Length of a step relative to that of the weights: about 10⁻³ is normal."""
    return layers(
        runs,
        options,
        METRIC,
        "whole model",
        {"title": {"text": "|Δθ| ÷ |θ|"}, "type": "log", "exponentformat": "power"},
    )


chart = Chart("Updates relative to weights", draw, metrics=(METRIC, f"{METRIC}/*"), group="diagnosis", rank=1)
