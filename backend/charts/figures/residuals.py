"""Predicted against true numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.stages import stages
from backend.charts.theme import LOOKS, figure, label, title

MOST = 10
NOTHING = "Nothing has been measured yet."


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Predictions against true values, for a sample of the validation split; on the diagonal the model is right."""
    shown = [(run, body) for run, _, body in stages(runs, "quality", "points", 1 if len(runs) == 1 else MOST)]
    traces = [_points(run, body, number) for run, body in shown for number in range(len(body["outputs"]))]
    ends = [value for _, body in shown for column in body["points"]["true"] for value in column]
    if ends:
        traces.insert(0, _ideal(min(ends), max(ends), options))
    return figure(
        traces,
        runs,
        options,
        " ".join(_describe(run, body) for run, body in shown) or NOTHING,
        xaxis={"title": {"text": "true, from the mean"}},
        yaxis={"title": {"text": "predicted, from the mean"}},
    )


def _points(run: RunData, body: Mapping[str, Any], number: int) -> go.Scatter:
    which = f", output {number + 1}" if len(body["outputs"]) > 1 else ""
    return go.Scatter(
        x=body["points"]["true"][number],
        y=body["points"]["predicted"][number],
        name=f"{label(run)}{which}",
        mode="markers",
        marker={"color": run.color, "size": 6, "opacity": 0.6, "symbol": number},
        hovertemplate=f"predicted %{{y:.4g}}, true %{{x:.4g}}<extra>{label(run, 40)}{which}</extra>",
        meta={"run": run.id, "role": f"output {number + 1}"},
    )


def _ideal(low: float, high: float, options: Options) -> go.Scatter:
    return go.Scatter(
        x=[low, high],
        y=[low, high],
        mode="lines",
        name="right",
        line={"color": LOOKS[options.theme].faint, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        meta={"role": "ideal"},
    )


def _describe(run: RunData, body: Mapping[str, Any]) -> str:
    parts = ", ".join(f"R² {one['r2']:.4f} and a mean error of {one['mae']:.4g}" for one in body["outputs"][:5])
    return f"{title(run)}: {parts}."


chart = Chart("Predicted and true", draw, summaries=("quality",), group="quality", rank=3)
