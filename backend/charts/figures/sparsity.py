"""Sparsity."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.curves import NOTHING
from backend.charts.data import Options, RunData, Summary
from backend.charts.panels import axes, panels
from backend.charts.theme import figure, label, title
from backend.charts.theme import text as plain

METRIC = "sparsity"
MOST_LAYERS = 32


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Share of removed weights over the steps, and the share that each layer keeps at the end."""
    shown = [run for run in runs if run.summaries_of(METRIC) or METRIC in run.lines]
    layers = {run.id: _layers(run) for run in shown}
    traces = [trace for run in shown for trace in (_curve(run), _bars(run, layers[run.id]))]
    percent = {"tickformat": ".0%", "range": [0, 1.02]}
    layout = panels(
        ["share of the weights that is gone (theoretical)", "share that each layer keeps"],
        options,
        [{"title": {"text": "step"}, "tickformat": "~s"}, {"type": "category", "tickangle": -30, "automargin": True}],
        [{"title": {"text": "gone"}, **percent}, {"title": {"text": "kept"}, **percent}],
    )
    text = " ".join(_describe(run, layers[run.id]) for run in shown[:10] if layers[run.id])
    return figure(traces, runs, options, text or "Nothing has been measured yet.", barmode="group", **layout)


def _layers(run: RunData) -> list[Mapping[str, Any]]:
    """Layers after the last pruning: {name, kept, total}, the total as the stage found it."""
    last = run.summaries_of(METRIC)[-1:]
    layers = [
        (layer, total) for one in last for layer, total in zip(one.body["layers"], _totals(run, one), strict=True)
    ]
    return [{**layer, "total": total} for layer, total in layers[:MOST_LAYERS]]


def _totals(run: RunData, summary: Summary) -> list[int]:
    """Number of weights of each layer when the summary's stage began to prune: rounds may really remove some."""
    first = next(one for one in run.summaries_of(METRIC) if one.stage == summary.stage)
    return [layer["total"] for layer in first.body["layers"]]


def _curve(run: RunData) -> go.Scatter:
    """The points that a training told of, and those at which a stage pruned at once."""
    line = run.lines.get(METRIC, NOTHING)
    known = dict(zip(line.steps.tolist(), line.values.tolist(), strict=True))
    known |= {
        one.step: _removed(one, sum(_totals(run, one))) for one in run.summaries_of(METRIC) if one.step not in known
    }
    steps = sorted(known)
    return go.Scatter(
        x=np.array(steps),
        y=np.array([known[step] for step in steps]),
        name=label(run),
        legendgroup=run.id,
        mode="lines+markers",
        line={"color": run.color, "width": 2, "dash": run.dash, "shape": "hv"},
        marker={"size": 5},
        hovertemplate=f"%{{y:.1%}} gone at step %{{x:,d}}<extra>{label(run, 40)}</extra>",
        meta={"run": run.id, "metric": METRIC, "role": METRIC},
        **axes(0),
    )


def _removed(summary: Summary, total: int) -> float:
    remaining: int = sum(layer["kept"] for layer in summary.body["layers"])
    return 1 - remaining / max(total, 1)


def _bars(run: RunData, layers: Sequence[Mapping[str, Any]]) -> go.Bar:
    return go.Bar(
        x=[plain(layer["name"]) for layer in layers],
        y=np.array([layer["kept"] / max(layer["total"], 1) for layer in layers]),
        customdata=[[layer["kept"], layer["total"]] for layer in layers],
        name=label(run),
        legendgroup=run.id,
        showlegend=False,
        marker={"color": run.color},
        hovertemplate=f"%{{x}} keeps %{{customdata[0]:,d}} of %{{customdata[1]:,d}}<extra>{label(run, 40)}</extra>",
        meta={"run": run.id, "role": "layers"},
        **axes(1),
    )


def _describe(run: RunData, layers: Sequence[Mapping[str, Any]]) -> str:
    remaining, total = sum(layer["kept"] for layer in layers), sum(layer["total"] for layer in layers)
    return f"{title(run)} keeps {remaining:,} of {total:,} weights in {len(layers)} layers."


chart = Chart("Sparsity", draw, metrics=(METRIC,), summaries=(METRIC,), group="results", rank=40)
