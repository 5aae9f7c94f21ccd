"""Accuracy against cost."""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.front import front
from backend.charts.measures import Place, axis, places
from backend.charts.theme import LOOKS, figure, label, title
from backend.charts.theme import text as plain
from backend.spec.measures import measure_of, shown

SYMBOLS = ("circle", "square", "triangle-up", "cross", "hexagon", "x")  # one for each format, the first for the first


CROWD = 1500  # points that are drawn one by one; of more the front, and an even choice of the others

Found = tuple[RunData, Place, bool]  # whether it is on the front


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Accuracy of every measured artifact against what it costs; points that another one beats in both are dim.

    Each file format has a marker of its own, and its points of one run are joined in the order of the stages; of a crowd
    none is joined.
    """
    found = _found(runs, options)
    symbols = dict(zip(dict.fromkeys(place.exporter for _, place, _ in found), cycle(SYMBOLS), strict=False))
    crowded = len(found) > CROWD
    grouped: dict[tuple[str, str], list[Found]] = {}
    for point in _thinned(found) if crowded else found:
        run, place, _ = point
        grouped.setdefault(("" if crowded else run.id, place.exporter), []).append(point)
    named: set[str] = set()
    traces: list[Any] = []
    for (owner, name), mine in grouped.items():
        traces.append(
            _points(mine, symbols[name], options, joined=not crowded, named=not crowded and owner not in named)
        )
        named.add(owner)
    if len(symbols) > 1:
        traces += [_key(name, symbol, options) for name, symbol in symbols.items()]
    best = [(run, place) for run, place, on in found if on]
    line = sorted((place for _, place in best), key=_by(options.cost))
    if line:
        traces.insert(0, _front_line(line, options))
    yaxis = {"title": {"text": "accuracy on the test split"}, "tickformat": ".1%"}
    across = axis(options.cost, [place.values[options.cost] for _, place, _ in found])
    return figure(traces, runs, options, _summary(best, len(found), options), xaxis=across, yaxis=yaxis)


def _found(runs: Sequence[RunData], options: Options) -> list[Found]:
    """Every artifact with this cost, in the order of runs and stages."""
    having = [
        (run, place)
        for run in runs
        for place in places(run.results, options.formats, options.devices)
        if options.cost in place.values
    ]
    sign = -1.0 if measure_of(options.cost).larger_is_better else 1.0
    costs = [sign * place.values[options.cost] for _, place in having]
    best = front(costs, [place.values["accuracy"] for _, place in having])
    return [(run, place, on) for (run, place), on in zip(having, best, strict=True)]


def _thinned(found: Sequence[Found]) -> list[Found]:
    """The front, and an even choice of the others."""
    every = -(-len(found) // CROWD)
    return [point for number, point in enumerate(found) if point[2] or number % every == 0]


def _points(mine: Sequence[Found], symbol: str, options: Options, *, joined: bool, named: bool) -> go.Scatter:
    """Artifacts of one format: one run's, `joined`, which the legend may name, or those of a crowd."""
    first = mine[0][0]
    text = [
        f"<b>{plain(place.label)}</b> ({_format(place)})<br>{label(run)}<br>"
        f"accuracy {shown('accuracy', place.values['accuracy'])}, {plain(options.cost)} "
        f"{shown(options.cost, place.values[options.cost])}{'' if on else '<br>another one is better in both'}"
        for run, place, on in mine
    ]
    return go.Scatter(
        x=[place.values[options.cost] for _, place, _ in mine],
        y=[place.values["accuracy"] for _, place, _ in mine],
        name=label(first),
        legendgroup=first.id,
        showlegend=named,
        mode="lines+markers" if joined else "markers",
        line={"color": first.color, "width": 1, "dash": "dot"},
        marker={
            "color": first.color if joined else [run.color for run, _, _ in mine],
            "size": 11 if joined else 7,
            "symbol": [symbol] * len(mine),
            "opacity": [1.0 if on else 0.35 for _, _, on in mine],
            "line": {"width": [1.5 if on else 0 for _, _, on in mine], "color": LOOKS[options.theme].text},
        },
        text=text,
        hovertemplate="%{text}<extra></extra>",
        customdata=[[run.id, place.stage, place.artifact] for run, place, _ in mine],
        meta={"role": "artifacts", **({"run": first.id} if joined else {})},
    )


def _format(place: Place) -> str:
    """`onnx in onnxruntime 1.31.1, cpu, 1 thread`."""
    return plain(place.exporter.replace("_", " ")) + (f" in {plain(place.runtime)}" if place.runtime else "")


def _key(name: str, symbol: str, options: Options) -> go.Scatter:
    """What the marker of a format looks like, for the legend alone."""
    marker = {"symbol": symbol, "size": 9, "color": LOOKS[options.theme].faint}
    about = {"role": "format", "format": name}
    return go.Scatter(x=[None], y=[None], mode="markers", name=plain(name.replace("_", " ")), marker=marker, meta=about)


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
        f"{title(run)} after {place.label}, {place.exporter.replace('_', ' ')}: {shown('accuracy', place.values['accuracy'])} at "
        f"{shown(options.cost, place.values[options.cost])}"
        for run, place in best[:10]
    ]
    return f"{len(best)} of {number} artifacts are on the front. " + "; ".join(told) + "."


chart = Chart("Accuracy against cost", draw, results=True, group="results")
