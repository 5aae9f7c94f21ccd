"""Weights and gradients of each layer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData, Summary
from backend.charts.panels import axes, panels
from backend.charts.theme import figure, label, title
from backend.charts.theme import text as plain

MOST_LAYERS = 6
BINS = 48
PARTS = (("weights", "weight"), ("gradients", "log₁₀ |gradient|"))


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Distribution of each layer's weights and gradients, step by step; of several runs the first one's."""
    run = next((run for run in runs if run.summaries_of("histograms")), None)
    if run is None:
        return figure([], runs, options, "Nothing has been measured yet.")
    summaries = run.summaries_of("histograms")
    names = _layers(summaries)
    panes = [(name, part, words) for name in names for part, words in PARTS]
    whose = f"{label(run, 30)} · " if len(runs) > 1 else ""
    layout = panels(
        [f"{whose}{plain(name)}: {part}" for name, part, _ in panes],
        options,
        [{"title": {"text": "step"}, "showgrid": False, "tickformat": "~s"}] * len(panes),
        [{"title": {"text": words}, "showgrid": False} for _, _, words in panes],
        pixels=150,
    )
    traces = [_map(run, summaries, name, part, axes(place)) for place, (name, part, _) in enumerate(panes)]
    text = f"{title(run)}: weights and gradients of {len(names)} layers at {len(summaries)} steps."
    return figure(traces, runs, options, text, **layout)


def _layers(summaries: Sequence[Summary]) -> list[str]:
    """Names of the layers at the last look, evenly chosen."""
    names = [layer["name"] for layer in summaries[-1].body["layers"]]
    places = np.unique(np.linspace(0, len(names) - 1, min(MOST_LAYERS, len(names))).round().astype(int))
    return [names[place] for place in places]


def _map(run: RunData, summaries: Sequence[Summary], name: str, part: str, place: Mapping[str, str]) -> go.Heatmap:
    """Steps across, values up; as colour the share of values, relative to the fullest bin of the step."""
    found = [
        (summary.step, layer[part])
        for summary in summaries
        for layer in summary.body["layers"]
        if layer["name"] == name
    ]
    ends = [_ends(one) for _, one in found]
    edges = np.linspace(min(low for low, _ in ends), max(high for _, high in ends), BINS + 1)
    shares = np.stack([_share(one, edges) for _, one in found], axis=1)
    return go.Heatmap(
        x=[step for step, _ in found],
        y=(edges[:-1] + edges[1:]) / 2,
        z=(shares / np.maximum(shares.max(axis=0), 1e-12)).tolist(),
        customdata=shares.tolist(),
        zmin=0,
        zmax=1,
        colorscale=[[0, "rgba(128,128,128,0.04)"], [1, run.color]],
        showscale=False,
        hovertemplate=f"%{{customdata:.1%}} at %{{y:.3g}}, step %{{x:,d}}<extra>{plain(name)}</extra>",
        meta={"run": run.id, "role": f"{part}/{name}"},
        **place,
    )


def _ends(histogram: Mapping[str, Any]) -> tuple[float, float]:
    """Start of the first bin that is not empty, and end of the last one."""
    edges = np.linspace(histogram["low"], histogram["high"], len(histogram["counts"]) + 1)
    held = np.flatnonzero(histogram["counts"])
    return (float(edges[held[0]]), float(edges[held[-1] + 1])) if held.size else (float(edges[0]), float(edges[-1]))


def _share(histogram: Mapping[str, Any], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the values in each bin of `edges` [bins], counted ones spread evenly over their own bins."""
    counts = np.array(histogram["counts"], dtype=np.float64)
    own = np.linspace(histogram["low"], histogram["high"], len(counts) + 1)
    below = np.interp(edges, own, np.concatenate([[0.0], counts.cumsum()]))
    return np.asarray(np.diff(below) / max(1.0, counts.sum()))


chart = Chart("Weights and gradients", draw, summaries=("histograms",), group="diagnosis", rank=10)
