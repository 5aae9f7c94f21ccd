"""Precision, recall and F1 of each class."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.stages import stages
from backend.charts.theme import figure, label, shorten, title
from backend.charts.theme import text as plain

SCORES = {"precision": "/", "recall": "x", "f1": ""}
NAMES = {"precision": "precision", "recall": "recall", "f1": "F1"}
MOST = 10
LONGEST = 24  # characters of a class's name on the axis


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Precision, recall and F1 of each class; F1 alone where several runs are compared."""
    shown = stages(runs, "quality", "classes", 1 if len(runs) == 1 else MOST)
    scores = list(SCORES) if len(runs) == 1 else ["f1"]
    return figure(
        [_bars(run, body, score, len(runs) == 1) for run, _, body in shown for score in scores],
        runs,
        options,
        " ".join(_describe(run, body) for run, _, body in shown) or "Nothing has been measured yet.",
        barmode="group",
        bargap=0.25,
        xaxis={"type": "category", "title": {"text": "class"}},
        yaxis={"title": {"text": ", ".join(NAMES[score] for score in scores)}, "range": [0, 1], "tickformat": ".0%"},
    )


def _bars(run: RunData, body: Mapping[str, Any], score: str, alone: bool) -> go.Bar:
    return go.Bar(
        x=[plain(shorten(one["name"], LONGEST)) for one in body["classes"]],
        y=[one[score] for one in body["classes"]],
        name=NAMES[score] if alone else label(run),
        customdata=[one["support"] for one in body["classes"]],
        marker={"color": run.color, "pattern": {"shape": SCORES[score], "solidity": 0.35}},
        hovertemplate=f"{NAMES[score]} %{{y:.1%}} of %{{x}}, %{{customdata:,}} samples<extra>{label(run, 40)}</extra>",
        meta={"run": run.id, "role": score},
    )


def _describe(run: RunData, body: Mapping[str, Any]) -> str:
    worst = min(body["classes"], key=lambda one: one["f1"])
    return f"{title(run)}: mean F1 is {body['macro']['f1']:.2%}; the worst class is {worst['name']} with {worst['f1']:.2%}."


chart = Chart("Precision and recall", draw, summaries=("quality",), group="quality", rank=1)
