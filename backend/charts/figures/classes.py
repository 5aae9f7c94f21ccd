"""Chart of the number of samples in each class."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.theme import figure, label, shorten, title
from backend.charts.theme import text as plain

LONGEST = 24  # characters of a class's name on the axis
# The first two belong to the training split, before and after it was changed.
BARS = (("read", "read", ""), ("drawn", "trained on, an epoch", "/"), ("generated", "made up", "x"))
HELD_OUT = (("validation", "validation", "-"), ("test", "test", "."))


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Samples of each class: of the training split as read and as trained on; of a run alone also those held out."""
    shown = [(run, summary.body) for run in runs for summary in run.summaries_of("classes")[:1]]
    bars = BARS + HELD_OUT if len(shown) == 1 else BARS[:2]
    traces = [_bar(run, body, *bar, alone=len(shown) == 1) for run, body in shown for bar in bars if any(body[bar[0]])]
    return figure(
        traces,
        runs,
        options,
        " ".join(_describe(run, body) for run, body in shown[:10]) or "Nothing has been measured yet.",
        barmode="group",
        bargap=0.25,
        xaxis={"type": "category", "title": {"text": "class"}},
        yaxis={"title": {"text": "samples"}, "rangemode": "tozero", "tickformat": "~s"},
    )


def _bar(run: RunData, body: Mapping[str, Any], key: str, name: str, pattern: str, alone: bool) -> go.Bar:
    return go.Bar(
        x=[plain(shorten(one, LONGEST)) for one in body["names"]],
        y=body[key],
        name=name if alone else f"{label(run)}: {name}",
        legendgroup=run.id,
        marker={"color": run.color, "pattern": {"shape": pattern, "solidity": 0.35}},
        hovertemplate=f"%{{y:,.0f}} of %{{x}}<extra>{label(run, 40)}<br>{name}</extra>",
        meta={"run": run.id, "role": key},
    )


def _describe(run: RunData, body: Mapping[str, Any]) -> str:
    read, drawn = body["read"], body["drawn"]
    spans = [f"{min(counts):,.0f} to {max(counts):,.0f}" for counts in (read, drawn)]
    made_up = f", {sum(body['generated']):,} of them made up" if any(body["generated"]) else ""
    return (
        f"{title(run)}: {len(read)} classes; {spans[0]} samples of each were read for training, "
        f"{spans[1]} are trained on in an epoch{made_up}."
    )


chart = Chart("Classes", draw, summaries=("classes",), group="data", rank=1)
