"""The loss around the solution."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.panels import axes, panels
from backend.charts.stages import Shown, stages
from backend.charts.theme import figure, title

MOST = 6
BEFORE = "landscape_before"


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Contours of the loss in a plane through the weights: a wide valley tends to generalize better than a narrow one."""
    shown = _shown(runs)
    logs = [[[_log(value) for value in row] for row in body["slice"]["losses"]] for _, _, body in shown]
    heights = [value for panel in logs for row in panel for value in row if value is not None]
    span = {"zmin": min(heights), "zmax": max(heights)} if heights else {}
    across = {"title": {"text": "direction 1"}, "showgrid": False}
    down = {"title": {"text": "direction 2"}, "showgrid": False}
    layout = panels(
        [_title(words, body) for _, words, body in shown],
        options,
        [across] * len(shown),
        [down] * len(shown),
        pixels=300,
    )
    traces = [
        _contours(one, panel, span, axes(place), place)
        for place, (one, panel) in enumerate(zip(shown, logs, strict=True))
    ]
    text = " ".join(_describe(run, words, body) for run, words, body in shown) or "Nothing has been measured yet."
    return figure(traces, runs, options, text, **layout)


def _shown(runs: Sequence[RunData]) -> list[Shown]:
    """Of a run alone also what its first stage began with."""
    found = stages(runs, "landscape", "slice", MOST - 1)
    if len(runs) != 1:
        return found
    first = stages(runs, BEFORE, "slice", 1)
    return [(run, f"{words}, before", body) for run, words, body in first] + found


def _log(value: float | None) -> float | None:
    """Losses span decades; what is not finite is a gap."""
    return None if value is None else math.log10(max(value, 1e-12))


def _contours(
    shown: Shown, logs: list[list[float | None]], span: Mapping[str, float], place: Mapping[str, str], number: int
) -> go.Contour:
    run, words, body = shown
    at = body["slice"]["at"]
    return go.Contour(
        x=at,
        y=at,
        z=logs,
        customdata=body["slice"]["losses"],
        colorscale="Viridis",
        ncontours=24,
        contours={"coloring": "fill"},
        line={"width": 0.5},
        showscale=number == 0,
        colorbar={"title": {"text": "log₁₀ loss"}, "thickness": 10},
        hovertemplate=f"loss %{{customdata:.4g}}<extra>{words}</extra>",
        meta={"run": run.id, "role": "landscape"},
        **span,
        **place,
    )


def _title(words: str, body: Mapping[str, Any]) -> str:
    return words if body["sharpness"] is None else f"{words} · sharpness {body['sharpness']:.3g}"


def _describe(run: RunData, words: str, body: Mapping[str, Any]) -> str:
    when = " before the first stage" if words.endswith(", before") else ""
    sharp = "cannot be told" if body["sharpness"] is None else f"is {body['sharpness']:.3g}"
    loss = "not finite" if body["loss"] is None else f"{body['loss']:.4g}"
    return f"{title(run)}{when}: the loss is {loss}, its sharpness {sharp}."


chart = Chart("Loss around the solution", draw, summaries=(BEFORE, "landscape"), group="diagnosis", rank=20)
