"""Training images before and after they are augmented."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData, Summary
from backend.charts.theme import LOOKS, figure, label, title
from backend.charts.theme import text as plain

KIND = "augmentations"
MOST = 4  # pictures of so many runs, or of so many stages of one
HEADING, CAPTION, GAP = 0.5, 0.45, 0.05  # room for words and between rows, in widths of a picture
COLUMNS = 8  # that there is room for, though there be fewer
PIXELS = 62  # height that a picture is given


@dataclass(frozen=True)
class Row:
    """One row of pictures. Places are in widths of a picture, from the top left."""

    run: RunData
    body: Mapping[str, Any]
    row: Mapping[str, Any]
    top: float

    @property
    def height(self) -> float:
        ratio: float = self.body["height"] / self.body["width"]
        return ratio

    @property
    def captions(self) -> list[str]:
        """Caption of each picture: the two largest shares of its label."""
        parts = self.row["captions"] or [[] for _ in range(self.body["columns"])]
        return ["<br>".join(_part(*part) for part in some[:2]) for some in parts]


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Rows of the same images: as they were read, after each augmentation alone, after all of them."""
    rows, headings, end = _arranged(list(_chosen(runs)))
    return figure(
        [_trace(run, [row for row in rows if row.run is run], options) for run in runs],
        runs,
        options,
        _summary(rows),
        images=[_image(row) for row in rows],
        annotations=[_heading(words, top, options) for words, top in headings],
        xaxis={"range": [0, max([COLUMNS, *(row.body["columns"] for row in rows)])], "visible": False},
        yaxis={
            "range": [end, 0],
            "tickvals": [row.top + row.height / 2 for row in rows],
            "ticktext": [plain(row.row["title"].replace("_", " ")) for row in rows],
            "showgrid": False,
            "scaleanchor": "x",
        },
        showlegend=False,
        dragmode=False,
        margin={"l": 100, "r": 8, "t": 8, "b": 8},
        height=max(160, round(16 + PIXELS * end)),
    )


def _chosen(runs: Sequence[RunData]) -> Iterator[tuple[RunData, Summary]]:
    """Of a run alone the pictures of each stage that augments in its own way, of several the first ones of each."""
    if len(runs) == 1:
        different = {
            str([row["title"] for row in shown.body["rows"]]): shown for shown in reversed(runs[0].summaries_of(KIND))
        }
        yield from ((runs[0], shown) for shown in list(reversed(different.values()))[:MOST])
    else:
        yield from [(run, run.summaries_of(KIND)[0]) for run in runs if run.summaries_of(KIND)][:MOST]


def _arranged(chosen: Sequence[tuple[RunData, Summary]]) -> tuple[list[Row], list[tuple[str, float]], float]:
    """The rows one below the other, headings with their places, and where it ends."""
    rows, headings, top = [], [], 0.0
    for run, shown in chosen:
        headings.append((f"{label(run)} · stage {shown.stage + 1}", top))
        top += HEADING
        for row in shown.body["rows"]:
            rows.append(Row(run, shown.body, row, top))
            top += rows[-1].height + (CAPTION if row["captions"] else 0) + GAP
    return rows, headings, top


def _image(row: Row) -> dict[str, Any]:
    return {
        "source": f"data:image/png;base64,{row.row['png']}",
        "x": 0,
        "y": row.top,
        "xref": "x",
        "yref": "y",
        "sizex": row.body["columns"],
        "sizey": row.height,
        "sizing": "stretch",
        "layer": "below",
    }


def _trace(run: RunData, rows: Sequence[Row], options: Options) -> go.Scatter:
    """The captions of a run's pictures, below each."""
    places = [(row, column) for row in rows for column in range(row.body["columns"])]
    return go.Scatter(
        x=[column + 0.5 for _, column in places],
        y=[row.top + row.height for row, _ in places],
        text=[row.captions[column] for row, column in places],
        mode="text",
        textposition="bottom center",
        textfont={"size": 9, "color": LOOKS[options.theme].faint},
        name=label(run),
        hoverinfo="skip",
        cliponaxis=False,
        meta={"run": run.id, "role": KIND},
    )


def _part(share: float, name: str) -> str:
    words = plain(name if len(name) <= 12 else f"{name[:11]}…")
    return words if share == 1 else f"{share:.2f} {words}"


def _heading(words: str, top: float, options: Options) -> dict[str, Any]:
    return {
        "text": words,
        "x": 0,
        "y": top + HEADING / 2,
        "xref": "x",
        "yref": "y",
        "xanchor": "left",
        "showarrow": False,
        "font": {"size": 12, "color": LOOKS[options.theme].faint},
    }


def _summary(rows: Sequence[Row]) -> str:
    by_run: dict[str, list[str]] = {}
    for row in rows:
        by_run.setdefault(title(row.run), []).append(row.row["title"].replace("_", " "))
    parts = (f"{name}: training images {', '.join(titles)}." for name, titles in by_run.items())
    return " ".join(parts) or "Nothing has been measured yet."


chart = Chart("Augmentations", draw, summaries=(KIND,), group="data", rank=20)
