"""Samples that were made up."""

import base64
import binascii
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.theme import LOOKS, figure, label, shorten, title
from backend.charts.theme import text as plain
from backend.domain import png

MOST = 4  # runs whose pictures are shown, one below the other
ROOM = 8  # pixels of the pictures between those of two runs


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Images of each class: on the left as they were read, on the right as the generative model made them up."""
    shown = [(run, summary.body) for run in runs for summary in run.summaries_of("generated")[:1]][:MOST]
    traces, notes, top = [], [], 0.0
    ticks: dict[float, str] = {}
    for run, body in shown:
        width, height = _size(body["picture"])
        traces.append(_picture(run, body, top))
        notes += _headings(run, body, top, width, options)
        row = height / len(body["names"])
        ticks |= {top + row * (place + 0.5): plain(shorten(name, 20)) for place, name in enumerate(body["names"])}
        top += height + ROOM
    return figure(
        traces,
        runs,
        options,
        " ".join(_describe(run, body) for run, body in shown) or "Nothing has been measured yet.",
        xaxis={"visible": False, "constrain": "domain"},
        yaxis={
            "autorange": "reversed",
            "showgrid": False,
            "constrain": "domain",
            "tickvals": list(ticks),
            "ticktext": list(ticks.values()),
        },
        annotations=notes,
        height=max(240, 60 + 340 * len(shown)),
        dragmode="pan",
    )


def _picture(run: RunData, body: Mapping[str, Any], top: float) -> go.Image:
    return go.Image(
        source=f"data:image/png;base64,{body['picture']}",
        x0=0.5,
        y0=top + 0.5,
        name=label(run),
        hoverinfo="skip",
        meta={"run": run.id, "role": "generated"},
    )


def _headings(run: RunData, body: Mapping[str, Any], top: float, width: int, options: Options) -> list[dict[str, Any]]:
    """Above each half what it holds, and whose it is."""
    columns = body["real"] + 1 + body["made"]  # an empty one between them
    halves = {"read": 0.0, f"made up · {label(run, 40)}": width * (body["real"] + 1) / columns}
    font = {"size": 11, "color": LOOKS[options.theme].faint}
    return [
        {"x": left, "y": top, "xref": "x", "yref": "y", "text": text, "showarrow": False, "font": font,
         "xanchor": "left", "yanchor": "bottom"}
        for text, left in halves.items()
    ]  # fmt: skip


def _size(picture: str) -> tuple[int, int]:
    """Width and height of a PNG file in base64."""
    try:
        return png.size(base64.b64decode(picture[: png.HEADER_BYTES * 4 // 3]))
    except (binascii.Error, struct.error):
        return 1, 1


def _describe(run: RunData, body: Mapping[str, Any]) -> str:
    return (
        f"{title(run)}: {body['real']} images of each of {len(body['names'])} classes as read, {body['made']} made up."
    )


chart = Chart("Made-up samples", draw, summaries=("generated",), group="data", rank=2)
