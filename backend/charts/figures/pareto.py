"""Quality against cost."""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import numpy as np
import plotly.graph_objects as go

from backend.charts.artifacts import Artifacts, of_runs
from backend.charts.chart import Chart
from backend.charts.choice import MAX_SHOWN, Choice, choose
from backend.charts.data import Options, RunData
from backend.charts.measures import File, axis, quality_axis
from backend.charts.theme import LOOKS, figure, label, title
from backend.charts.theme import text as plain
from backend.domain.intervals import wilson
from backend.domain.measures import Measured, format_value, measure_of, when_busy

SYMBOLS = ("circle", "square", "triangle-up", "cross", "hexagon", "x")  # one for each format, the first for the first


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    return draw_artifacts(of_runs(runs), options)


def draw_artifacts(artifacts: Artifacts, options: Options) -> go.Figure:
    """Quality of every measured artifact against what it costs; points that another one beats in both are dim.

    Each file format has a marker of its own, and its points of one run are joined in the order of the stages. Of a crowd
    none is joined, and only those are drawn that matter, with a spread of the others.
    """
    choice = choose(artifacts, options)
    having = ~np.isnan(artifacts.column(options.cost))
    found, drawn = choice.candidates[having[choice.candidates]], choice.shown[having[choice.shown]]
    crowded = len(choice.candidates) > MAX_SHOWN
    formats = dict.fromkeys(artifacts.files[index].exporter for index in drawn)
    symbols = dict(zip(formats, cycle(SYMBOLS), strict=False))
    traces: list[Any] = _groups(artifacts, drawn.tolist(), choice, symbols, options, crowded=crowded)
    if len(symbols) > 1:
        traces += [_key(name, symbol, options) for name, symbol in symbols.items()]
    line = np.flatnonzero(choice.drawn_front)
    if len(line):
        traces.insert(0, _front_line(artifacts, line, choice, options))
    across = axis(options.cost, artifacts.column(options.cost)[found])
    text = _summary(artifacts, line, len(found), choice, options)
    runs = [] if crowded else artifacts.runs
    drawing = figure(traces, runs, options, text, checked=False, xaxis=across, yaxis=quality_axis(choice.quality))
    drawing.layout.meta |= {"drawn": len(drawn), "of": len(found)}
    return drawing


def _groups(
    artifacts: Artifacts,
    drawn: Sequence[int],
    choice: Choice,
    symbols: dict[str, str],
    options: Options,
    *,
    crowded: bool,
) -> list[Any]:
    """One trace for each run and format; of a crowd for each format, the front apart: what all share is drawn faster."""
    grouped: dict[tuple[str, str], list[int]] = {}
    for index in sorted(drawn, key=lambda index: not choice.drawn_front[index]) if crowded else drawn:
        owner = str(choice.drawn_front[index]) if crowded else artifacts.run(index).id
        grouped.setdefault((owner, artifacts.files[index].exporter), []).append(index)
    named: set[str] = set()
    traces = []
    for (owner, name), mine in grouped.items():
        once = not crowded and owner not in named
        traces.append(_points(artifacts, mine, choice, symbols[name], options, joined=not crowded, named=once))
        named.add(owner)
    return traces


def _points(
    artifacts: Artifacts,
    mine: Sequence[int],
    choice: Choice,
    symbol: str,
    options: Options,
    *,
    joined: bool,
    named: bool,
) -> go.Scatter:
    """Artifacts of one format: `joined` ones of a single run, which the legend may name, or those of many runs."""
    first, runs, files = artifacts.run(mine[0]), [artifacts.run(index) for index in mine], artifacts.files
    on = choice.drawn_front[mine]
    costs, gains = artifacts.column(options.cost)[mine], artifacts.column(choice.quality)[mine]
    names = {run.id: label(run) for run in runs}
    sentences = [
        f"<b>{plain(files[index].label)}</b> ({_format(files[index])})<br>{names[run.id]}<br>"
        f"{choice.quality} {format_value(choice.quality, gain)}{_interval(choice.quality, gain, files[index])}, {plain(options.cost)} {format_value(options.cost, cost)}"
        f"{_of_disturbance(options.cost, values)}"
        f"{'' if best else '<br>another one is better in both'}"
        for index, run, gain, cost, best, values in zip(
            mine, runs, gains.tolist(), costs.tolist(), on.tolist(), artifacts.values(mine), strict=True
        )
    ]
    about = [[run.id, files[index].stage, files[index].artifact] for index, run in zip(mine, runs, strict=True)]
    return go.Scatter(
        x=costs,
        y=gains,
        name=label(first),
        legendgroup=first.id if joined else None,
        showlegend=named,
        mode="lines+markers" if joined else "markers",
        line={"color": first.color, "width": 1, "dash": "dot"},
        marker={
            "color": first.color if joined else np.array([run.color for run in runs]),
            "size": 11 if joined else 7,
            "symbol": symbol,
            "opacity": np.where(on, 1.0, 0.35) if joined else (1.0 if on[0] else 0.35),
            "line": {"width": np.where(on, 1.5, 0.0) if joined else 1.5 * on[0], "color": LOOKS[options.theme].text},
        },
        text=np.array(sentences),
        hovertemplate="%{text}<extra></extra>",
        customdata=np.array(about, dtype=object),
        meta={"role": "artifacts", **({"run": first.id} if joined else {})},
        _validate=False,
    )


def _of_disturbance(cost: str, values: Measured) -> str:
    """A line where the machine and not the file may be the reason for a time."""
    reason = when_busy(cost, values)
    return f"<br>{reason}" if reason else ""


def _interval(quality: str, gain: float, file: File) -> str:
    """` (91.05% to 96.02%, n = 360)` where it is known."""
    if quality != "accuracy" or not file.samples:
        return ""
    low, high = wilson(gain, file.samples)
    return f" ({format_value(quality, low)} to {format_value(quality, high)}, n = {file.samples:,})"


def _format(file: File) -> str:
    """`onnx in onnxruntime 1.31.1, cpu, 1 thread`."""
    return plain(file.exporter.replace("_", " ")) + (f" in {plain(file.runtime)}" if file.runtime else "")


def _key(name: str, symbol: str, options: Options) -> go.Scatter:
    """Marker of a format, for the legend alone."""
    marker = {"symbol": symbol, "size": 9, "color": LOOKS[options.theme].faint}
    about = {"role": "format", "format": name}
    return go.Scatter(x=[None], y=[None], mode="markers", name=plain(name.replace("_", " ")), marker=marker, meta=about)


def _front_line(artifacts: Artifacts, line: Any, choice: Choice, options: Options) -> go.Scatter:
    costs, gains = artifacts.column(options.cost)[line], artifacts.column(choice.quality)[line]
    order = np.lexsort((gains, costs))
    return go.Scatter(
        x=costs[order].tolist(),
        y=gains[order].tolist(),
        name="Pareto front",
        mode="lines",
        line={
            "color": LOOKS[options.theme].faint,
            "width": 2,
            "shape": "vh" if measure_of(options.cost).larger_is_better else "hv",
        },
        hoverinfo="skip",
        meta={"role": "front"},
    )


def _summary(artifacts: Artifacts, best: Any, number: int, choice: Choice, options: Options) -> str:
    if not len(best):
        return "Nothing has been measured yet."
    sentences = []
    for index, values in zip(best[:10].tolist(), artifacts.values(best[:10]), strict=True):
        file = artifacts.files[index]
        quality, cost = (
            format_value(choice.quality, values[choice.quality]),
            format_value(options.cost, values[options.cost]),
        )
        how = quality if choice.quality == "accuracy" else f"{choice.quality} {quality}"
        after = f"{file.label}, {file.exporter.replace('_', ' ')}"
        sentences.append(f"{title(artifacts.run(index))} after {after}: {how} at {cost}")
    return f"{len(best)} of {number} artifacts are on the front. " + "; ".join(sentences) + "."


chart = Chart("Accuracy against cost", draw, results=True, draw_artifacts=draw_artifacts, group="results")
