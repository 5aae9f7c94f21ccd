"""Several small plots in one figure, each with axes of its own and a title above it."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.charts.data import Options
from backend.charts.theme import LOOKS

GAP_ACROSS, GAP_DOWN = 0.13, 70  # share of the width; pixels, for a title above and ticks below


def axes(place: int) -> dict[str, str]:
    """The axes of the trace of a panel; places count from 0."""
    number = "" if place == 0 else str(place + 1)
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def panels(
    titles: Sequence[str],
    options: Options,
    x: Sequence[Mapping[str, Any]],
    y: Sequence[Mapping[str, Any]],
    columns: int = 2,
    pixels: int = 260,
) -> dict[str, Any]:
    """The layout of panels in rows of `columns`, each `pixels` high. `titles` are markup; `x` and `y` are each one's axes."""
    columns = max(1, min(columns, len(titles)))
    rows = max(1, -(-len(titles) // columns))
    inside = rows * (pixels + GAP_DOWN)
    width = (1 - GAP_ACROSS * (columns - 1)) / columns
    layout: dict[str, Any] = {"height": inside + 40, "margin": {"l": 64, "r": 16, "t": 16, "b": 24}, "annotations": []}
    for place, words in enumerate(titles):
        row, column = divmod(place, columns)
        left, top = column * (width + GAP_ACROSS), 1 - (row * (pixels + GAP_DOWN) + 24) / inside
        bottom, number = top - pixels / inside, "" if place == 0 else str(place + 1)
        layout[f"xaxis{number}"] = {**x[place], "domain": [left, left + width], "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = {**y[place], "domain": [max(0.0, bottom), top], "anchor": f"x{number}"}
        layout["annotations"].append(
            {
                "text": words, "x": left, "y": top, "xref": "paper", "yref": "paper", "xanchor": "left",
                "yanchor": "bottom", "showarrow": False, "font": {"size": 12, "color": LOOKS[options.theme].faint},
            }
        )  # fmt: skip
    return layout
