"""Accuracy against cost."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.front import front
from backend.charts.measures import Place, axis, places
from backend.charts.theme import LOOKS, figure, label, title
from backend.charts.theme import text as plain
from backend.spec.measures import measure_of, shown


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Accuracy of every measured artifact against what it costs; points that another one beats in both are dim."""
    found = [(run, place) for run in runs for place in places(run.results) if options.cost in place.values]
    sign = -1.0 if measure_of(options.cost).larger_is_better else 1.0
    costs = [sign * place.values[options.cost] for _, place in found]
    best = front(costs, [place.values["accuracy"] for _, place in found])
    traces: list[Any] = []
    for run in runs:
        mine = [(place, on) for (owner, place), on in zip(found, best, strict=True) if owner is run]
        if mine:
            traces.append(_points(run, mine, options))
    line = sorted((place for (_, place), on in zip(found, best, strict=True) if on), key=_by(options.cost))
    if line:
        traces.insert(0, _front_line(line, options))
    yaxis = {"title": {"text": "accuracy on the test split"}, "tickformat": ".1%"}
    told = _summary([(run, place) for (run, place), on in zip(found, best, strict=True) if on], len(found), options)
    return figure(traces, runs, options, told, xaxis=axis(options.cost, [abs(cost) for cost in costs]), yaxis=yaxis)


def _points(run: RunData, mine: Sequence[tuple[Place, bool]], options: Options) -> go.Scatter:
    """One run's artifacts, joined in the order of its stages."""
    x = [place.values[options.cost] for place, _ in mine]
    y = [place.values["accuracy"] for place, _ in mine]
    text = [
        f"<b>{plain(place.label)}</b> ({plain(place.exporter)})<br>{label(run)}<br>"
        f"accuracy {shown('accuracy', place.values['accuracy'])}, {plain(options.cost)} "
        f"{shown(options.cost, place.values[options.cost])}{'' if on else '<br>another one is better in both'}"
        for place, on in mine
    ]
    return go.Scatter(
        x=x,
        y=y,
        name=label(run),
        mode="lines+markers",
        line={"color": run.color, "width": 1, "dash": "dot"},
        marker={
            "color": run.color,
            "size": 11,
            "opacity": [1.0 if on else 0.35 for _, on in mine],
            "line": {"width": [1.5 if on else 0 for _, on in mine], "color": LOOKS[options.theme].text},
        },
        text=text,
        hovertemplate="%{text}<extra></extra>",
        customdata=[[run.id, place.stage, place.artifact] for place, _ in mine],
        meta={"run": run.id, "role": "artifacts"},
    )


def _front_line(line: Sequence[Place], options: Options) -> go.Scatter:
    shape = "vh" if measure_of(options.cost).larger_is_better else "hv"
    return go.Scatter(
        x=[place.values[options.cost] for place in line],
        y=[place.values["accuracy"] for place in line],
        name="Pareto front",
        mode="lines",
        line={"color": LOOKS[options.theme].faint, "width": 2, "shape": shape},
        hoverinfo="skip",
        meta={"role": "front"},
    )


def _by(cost: str) -> Any:
    return lambda place: (place.values[cost], place.values["accuracy"])


def _summary(best: Sequence[tuple[RunData, Place]], number: int, options: Options) -> str:
    if not best:
        return "Nothing has been measured yet."
    told = [
        f"{title(run)} after {place.label}: {shown('accuracy', place.values['accuracy'])} at "
        f"{shown(options.cost, place.values[options.cost])}"
        for run, place in best[:10]
    ]
    return f"{len(best)} of {number} artifacts are on the front. " + "; ".join(told) + "."


chart = Chart("Accuracy against cost", draw, results=True, group="results")
