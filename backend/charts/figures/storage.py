"""Chart of the speed and the size of each storage tier for the training split."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.theme import figure, label, title
from backend.domain.measures import format_value as with_unit

PLACES = {"device": "on the device", "memory": "in memory", "disk": "on disk"}


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Samples a second and bytes of each storage tier, measured on this machine; the one that the run uses is solid."""
    shown = [(run, summary.body) for run in runs for summary in run.summaries_of("storage")[:1]]
    traces = [
        _bar(run, body, key, axis) for run, body in shown for key, axis in (("samples_a_second", ""), ("bytes", "2"))
    ]
    return figure(
        traces,
        runs,
        options,
        " ".join(_describe(run, body) for run, body in shown[:10]) or "Nothing has been measured yet.",
        barmode="group",
        bargap=0.3,
        xaxis={"type": "category", "domain": [0.0, 0.45], "anchor": "y"},
        yaxis={"title": {"text": "samples a second"}, "rangemode": "tozero", "tickformat": "~s", "anchor": "x"},
        xaxis2={"type": "category", "domain": [0.57, 1.0], "anchor": "y2"},
        yaxis2={"title": {"text": "bytes"}, "rangemode": "tozero", "tickformat": "~s", "anchor": "x2"},
    )


def _bar(run: RunData, body: Mapping[str, Any], key: str, axis: str) -> go.Bar:
    tiers = body["tiers"]
    name = key.replace("_", " ")
    return go.Bar(
        x=[PLACES[tier["tier"]] for tier in tiers],
        y=[tier[key] for tier in tiers],
        name=label(run),
        legendgroup=run.id,
        showlegend=key == "bytes",
        marker={
            "color": run.color,
            "opacity": [1.0 if tier["tier"] == body["chosen"] else 0.45 for tier in tiers],
        },
        hovertemplate=f"%{{y:.4s}} {name}, %{{x}}<extra>{label(run, 40)}</extra>",
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        meta={"run": run.id, "role": key},
    )


def _describe(run: RunData, body: Mapping[str, Any]) -> str:
    sentences = [
        f"{PLACES[tier['tier']]} {tier['samples_a_second']:,.0f} samples a second, {with_unit('bytes', tier['bytes'])}"
        for tier in body["tiers"]
    ]
    return f"{title(run)} keeps its training split {PLACES[body['chosen']]}: {'; '.join(sentences)}."


chart = Chart("Storage", draw, summaries=("storage",), group="data", rank=3)
