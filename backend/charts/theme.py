"""Look of every chart, in light and in dark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

from backend.charts.data import Options, RunData, Theme

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', sans-serif"


@dataclass(frozen=True)
class Look:
    text: str
    faint: str  # axis titles, labels of bands
    grid: str
    band: str
    tooltip: str


LOOKS: Mapping[Theme, Look] = {
    "light": Look("#1e222a", "#5b6372", "rgba(30,34,42,0.09)", "rgba(30,34,42,0.035)", "#ffffff"),
    "dark": Look("#dfe2e8", "#a2a9b8", "rgba(223,226,232,0.10)", "rgba(223,226,232,0.04)", "#2a2f3a"),
}


def template(theme: Theme) -> go.layout.Template:
    look = LOOKS[theme]
    axis = {
        "gridcolor": look.grid,
        "zeroline": False,
        "linecolor": look.grid,
        "ticks": "",
        "automargin": True,
        "ticklabeloverflow": "allow",  # to look which labels hang over costs each drawing of a live chart
        "minorloglabels": "complete",
        "title": {"font": {"size": 12, "color": look.faint}, "standoff": 8},
        "tickfont": {"size": 11, "color": look.faint},
    }
    return go.layout.Template(
        data={"bar": [{"error_y": {"color": look.faint}}]},
        layout={
            "font": {"family": FONT, "size": 12, "color": look.text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 56, "r": 16, "t": 24, "b": 44},
            "hoverlabel": {
                "bgcolor": look.tooltip,
                "bordercolor": look.grid,
                "font": {"family": FONT, "size": 12, "color": look.text},
                "align": "left",
                "namelength": -1,
            },
            "legend": {"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top", "font": {"size": 12}},
            "hovermode": "closest",
            "dragmode": "zoom",
        },
    )


def figure(
    traces: Sequence[Any],
    runs: Sequence[RunData],
    options: Options,
    summary: str,
    *,
    checked: bool = True,
    **layout: Any,
) -> go.Figure:
    """A figure in our look. `summary` says in words what it shows; `layout.meta.seq` up to which event it goes.

    Plotly looks at each number in turn unless `checked` is False.
    """
    seq = {"seq": {run.id: run.seq for run in runs}}
    return build(traces, options.theme, summary, seq, checked=checked, **layout)


def build(
    traces: Sequence[Any],
    theme: Theme,
    summary: str,
    meta: Mapping[str, Any] = MappingProxyType({}),
    *,
    checked: bool = True,
    **layout: Any,
) -> go.Figure:
    """A figure in our look, of whatever it is."""
    known = {"summary": summary, **meta}
    return go.Figure(
        data=list(traces),
        layout={"template": template(theme), "uirevision": "constant", "meta": known, **layout},
        skip_invalid=False,
        _validate=checked,
    )


def title(run: RunData) -> str:
    """A run's name as text. Plotly draws names as HTML: use `label` there."""
    return f"{run.name} · seed {run.seed}"


def label(run: RunData, longest: int = 60) -> str:
    """A run's name for Plotly, which draws it as HTML."""
    return text(shorten(title(run), longest))


def text(anything: str) -> str:
    """Text by a user, safe for Plotly: neither markup nor a `%{…}` placeholder."""
    return escape(anything, quote=False).replace("%{", "%&#123;")


def shorten(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
