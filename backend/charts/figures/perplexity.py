"""Perplexity."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (Role("validation/perplexity", "validation"),)


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Perplexity: the number of tokens between which the model hesitates."""
    return curves(runs, options, ROLES, {"title": {"text": "perplexity"}, "rangemode": "tozero"}, number=".4g")


chart = Chart("Perplexity", draw, metrics=tuple(role.metric for role in ROLES), rank=1)
