"""Loss."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData

ROLES = (Role("train/loss", "train", strong=False), Role("validation/loss", "validation"))


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Loss over steps: of each step faint, on the validation split strong."""
    return curves(runs, options, ROLES, {"title": {"text": "loss"}})


chart = Chart("Loss", draw, metrics=tuple(role.metric for role in ROLES), rank=0, expected=True)
