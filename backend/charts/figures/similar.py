"""Chart of accuracy and size after similar channels were merged."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.stages import stages
from backend.charts.theme import figure, label, title
from backend.charts.theme import text as plain

MOST = 6
NAMES = {"accuracy": "accuracy", "r2": "R²"}


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Quality on the validation split against size for several ratios; each layer's channels before and after."""
    shown = stages(runs, "similar", "tried", MOST)
    traces = [trace for one in shown for trace in (_line(*one), *_bars(*one))]
    names = sorted({NAMES[body["measured"]] for _, _, body in shown})
    return figure(
        traces,
        runs,
        options,
        " ".join(_describe(run, words, body) for run, words, body in shown) or "Nothing has been measured yet.",
        barmode="group",
        bargap=0.3,
        xaxis={"title": {"text": "parameters"}, "domain": [0.0, 0.45], "anchor": "y", "tickformat": "~s"},
        yaxis={"title": {"text": f"{' or '.join(names) or 'accuracy'}, validation"}, "anchor": "x"},
        xaxis2={"type": "category", "domain": [0.57, 1.0], "anchor": "y2"},
        yaxis2={"title": {"text": "channels"}, "rangemode": "tozero", "anchor": "x2"},
    )


def _line(run: RunData, words: str, body: Mapping[str, Any]) -> go.Scatter:
    """The ratio that the stage took is solid, what it tried beside it is open."""
    tried = body["tried"]
    return go.Scatter(
        x=[one["parameters"] for one in tried],
        y=[one[body["measured"]] for one in tried],
        customdata=[one["ratio"] for one in tried],
        name=words,
        legendgroup=run.id + words,
        mode="lines+markers",
        line={"color": run.color, "width": 2},
        marker={
            "size": 9,
            "color": run.color,
            "symbol": ["circle" if one["ratio"] == body["chosen"] else "circle-open" for one in tried],
        },
        hovertemplate=f"%{{y:.4g}} with %{{x:,d}} parameters, ratio %{{customdata:.3g}}<extra>{label(run, 40)}</extra>",
        meta={"run": run.id, "role": "tried"},
    )


def _bars(run: RunData, words: str, body: Mapping[str, Any]) -> list[go.Bar]:
    layers = body["layers"]
    return [
        go.Bar(
            x=[plain(layer["name"]) for layer in layers],
            y=[layer[when] for layer in layers],
            customdata=[layer["largest"] for layer in layers],
            name=f"{words}, {when}",
            legendgroup=run.id + words,
            showlegend=False,
            marker={"color": run.color, "opacity": opacity},
            hovertemplate=f"%{{y}} channels {when}, of which one stands for up to %{{customdata}}"
            f"<extra>%{{x}} · {label(run, 40)}</extra>",
            xaxis="x2",
            yaxis="y2",
            meta={"run": run.id, "role": when},
        )
        for when, opacity in (("before", 0.45), ("after", 1.0))
    ]


def _describe(run: RunData, words: str, body: Mapping[str, Any]) -> str:
    name = NAMES[body["measured"]]
    first = body["tried"][0]
    taken = next(one for one in body["tried"] if one["ratio"] == body["chosen"])
    before, after = (sum(layer[when] for layer in body["layers"]) for when in ("before", "after"))
    return (
        f"{title(run)}, {words}: {before} channels became {after}; {name} {first[body['measured']]:.4g} with "
        f"{first['parameters']:,} parameters became {taken[body['measured']]:.4g} with {taken['parameters']:,}."
    )


chart = Chart("Similar channels", draw, summaries=("similar",), group="results", rank=60)
