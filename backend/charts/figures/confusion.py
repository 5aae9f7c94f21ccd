"""Confusion matrix."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.panels import axes, panels
from backend.charts.stages import Shown, stages
from backend.charts.theme import figure, shorten, title
from backend.charts.theme import text as plain

MOST = 4
LONGEST = 14  # characters of a class's name on an axis


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Confusion matrix: true classes in rows, predicted ones in columns, as shares of the row."""
    shown = stages(runs, "quality", "confusion", MOST)
    names = [_ticks(body) for _, _, body in shown]
    layout = panels(
        [words for _, words, _ in shown],
        options,
        [{**ticks, "title": {"text": "taken for"}, "tickangle": -40, "showgrid": False} for ticks in names],
        [{**ticks, "title": {"text": "class"}, "autorange": "reversed", "showgrid": False} for ticks in names],
        pixels=380,
    )
    traces = [_matrix(one, axes(place), place == 0) for place, one in enumerate(shown)]
    return figure(traces, runs, options, _summary(shown), **layout)


def _ticks(body: Mapping[str, Any]) -> dict[str, Any]:
    names = [one["name"] for one in body["classes"]]
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [plain(shorten(name, LONGEST)) for name in names],
    }


def _matrix(shown: Shown, place: Mapping[str, str], first: bool) -> go.Heatmap:
    run, words, body = shown
    names = [plain(one["name"]) for one in body["classes"]]
    counts = body["confusion"]
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    few = len(names) <= 16
    return go.Heatmap(
        z=shares,
        text=[[str(count) if count else "" for count in row] for row in counts],
        texttemplate="%{text}" if few else None,
        customdata=[[[true, chosen] for chosen in names] for true in names],
        hovertemplate=f"%{{customdata[0]}} taken for %{{customdata[1]}}: %{{z:.1%}}<extra>{words}</extra>",
        zmin=0,
        zmax=1,
        colorscale=[[0, "rgba(128,128,128,0.04)"], [1, run.color]],
        showscale=False,
        xgap=1,
        ygap=1,
        meta={"run": run.id, "role": "confusion"},
        **place,
    )


def _summary(shown: Sequence[Shown]) -> str:
    return " ".join(_describe(run, body) for run, _, body in shown) or "Nothing has been measured yet."


def _describe(run: RunData, body: Mapping[str, Any]) -> str:
    """The accuracy, and which mistake is made most often."""
    names = [one["name"] for one in body["classes"]]
    mistakes = [
        (count, true, chosen)
        for true, row in enumerate(body["confusion"])
        for chosen, count in enumerate(row)
        if true != chosen and count
    ]
    text = f"{title(run)}: {body['accuracy']:.2%} of {body['samples']:,} samples are right"
    if not mistakes:
        return f"{text}."
    count, true, chosen = max(mistakes)
    return f"{text}; most often {names[true]} is taken for {names[chosen]}, {count} times."


chart = Chart("Confusion matrix", draw, summaries=("quality",), group="quality", rank=0)
