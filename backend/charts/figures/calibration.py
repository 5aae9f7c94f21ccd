"""Calibration."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.palette import DASHES
from backend.charts.stages import stages
from backend.charts.theme import LOOKS, figure, title

MOST = 10
LARGEST = 26  # diameter of a bin that holds every sample


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Accuracy against confidence: on the diagonal the model knows what it knows, below it is overconfident."""
    shown = stages(runs, "quality", "calibration", MOST)
    ideal = go.Scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="well calibrated",
        line={"color": LOOKS[options.theme].faint, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        meta={"role": "ideal"},
    )
    traces = [_bins(run, words, body, place if len(runs) == 1 else 0) for place, (run, words, body) in enumerate(shown)]
    return figure(
        [ideal, *traces] if runs else [],
        runs,
        options,
        " ".join(_describe(run, body) for run, _, body in shown) or "Nothing has been measured yet.",
        xaxis={"title": {"text": "confidence"}, "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"title": {"text": "accuracy"}, "range": [0, 1.02], "tickformat": ".0%"},
    )


def _bins(run: RunData, words: str, body: Mapping[str, Any], place: int) -> go.Scatter:
    """A line through the bins; the more samples, the larger the dot."""
    bins = body["calibration"]["bins"]
    return go.Scatter(
        x=[one["confidence"] for one in bins],
        y=[one["accuracy"] for one in bins],
        customdata=[one["samples"] for one in bins],
        name=words,
        mode="lines+markers",
        line={"color": run.color, "width": 1.5, "dash": DASHES[place % len(DASHES)]},
        marker={"color": run.color, "size": [4 + LARGEST * (one["samples"] / body["samples"]) ** 0.5 for one in bins]},
        hovertemplate=f"%{{y:.1%}} right at a confidence of %{{x:.1%}}, %{{customdata:,}} samples<extra>{words}</extra>",
        meta={"run": run.id, "role": "calibration"},
    )


def _describe(run: RunData, body: Mapping[str, Any]) -> str:
    return f"{title(run)}: expected calibration error {body['calibration']['error']:.2%}."


chart = Chart("Calibration", draw, summaries=("quality",), group="quality", rank=2)
