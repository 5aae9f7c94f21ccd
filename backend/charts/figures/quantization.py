"""Chart of the rounding error of each layer's weights."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.panels import axes, panels
from backend.charts.theme import figure, label, title
from backend.charts.theme import text as plain

MOST_LAYERS = 32


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Signal to rounding noise of each layer, its squared error, and the bits it has beside those that its weights ask for."""
    shown = [
        (run, run.summaries_of("quantization")[-1].body["layers"][:MOST_LAYERS])
        for run in runs
        if run.summaries_of("quantization")
    ]
    traces = [trace for run, layers in shown for trace in _bars(run, layers)]
    names = {"type": "category", "tickangle": -30, "automargin": True}
    panel = panels(
        ["signal to rounding noise", "bits of each weight; faint: what its distribution asks for"],
        options,
        [names, names],
        [{"title": {"text": "dB"}, "rangemode": "tozero"}, {"title": {"text": "bits"}, "rangemode": "tozero"}],
    )
    return figure(
        traces,
        runs,
        options,
        " ".join(_describe(run, layers) for run, layers in shown[:10]) or "Nothing has been measured yet.",
        barmode="group",
        bargap=0.25,
        **panel,
    )


def _bars(run: RunData, layers: Sequence[Mapping[str, Any]]) -> list[go.Bar]:
    return [
        _bar(run, layers, "sqnr_db", 0, "%{y:.1f} dB, mean squared error %{customdata[0]:.3g}"),
        _bar(run, layers, "bits", 1, "%{y} bits, %{customdata[1]:,} levels used by %{customdata[2]:,} weights"),
        _bar(run, layers, "proposed_bits", 1, "%{y} bits would leave 20 dB"),
    ]


def _bar(run: RunData, layers: Sequence[Mapping[str, Any]], key: str, place: int, text: str) -> go.Bar:
    return go.Bar(
        x=[plain(layer["name"]) for layer in layers],
        y=[layer[key] for layer in layers],
        customdata=[[layer["mse"], layer["levels_used"], layer["values"]] for layer in layers],
        name=label(run),
        legendgroup=run.id,
        showlegend=key == "sqnr_db",
        marker={"color": run.color, "opacity": 0.45 if key == "proposed_bits" else 1.0},
        hovertemplate=f"{text}, %{{x}}<extra>{label(run, 40)}</extra>",
        meta={"run": run.id, "role": key},
        **axes(place),
    )


def _describe(run: RunData, layers: Sequence[Mapping[str, Any]]) -> str:
    values = sum(layer["values"] for layer in layers)
    bits = sum(layer["bits"] * layer["values"] for layer in layers) / max(values, 1)
    text = f"{title(run)} stores {bits:.3g} bits for each of {values:,} weights of linear and convolution layers."
    rounded = [layer for layer in layers if layer["sqnr_db"] is not None]
    if not rounded:
        return text
    worst = min(rounded, key=lambda layer: float(layer["sqnr_db"]))
    return f"{text} Rounding hurts {worst['name']} most: {worst['sqnr_db']:.1f} dB at {worst['bits']} bits."


chart = Chart("Quantization", draw, summaries=("quantization",), group="results", rank=30)
