"""Dead units."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.layers import layers

METRIC = "dead_units"


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Share of each ReLU layer's units that were zero for every sample of the batch."""
    return layers(
        runs,
        options,
        METRIC,
        "mean of the layers",
        {"title": {"text": "share of units"}, "rangemode": "tozero", "tickformat": ".0%"},
        number=".1%",
    )


chart = Chart("Dead units", draw, metrics=(METRIC, f"{METRIC}/*"), group="diagnosis", rank=4)
