"""Common parts of all charts of curves over steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from backend.charts.data import Line, Options, RunData
from backend.charts.theme import LOOKS, figure, label, title
from backend.charts.theme import text as plain

MAX_MARKED_RUNS = 3
# A metric without a value yet has its trace all the same, so that live points find where they belong.
NOTHING = Line(np.array([], dtype=np.int64), np.array([]), 0)
NARROW = 0.2  # share of the width below which a band has no room for its name


@dataclass(frozen=True)
class Role:
    """Style of one metric in a chart."""

    metric: str
    name: str
    strong: bool = True
    color: str | None = None  # the run's own, unless its lines have to be told apart
    joined: bool = True  # by a line; what jumps to and fro is a comb then


def curves(
    runs: Sequence[RunData], options: Options, roles: Sequence[Role], yaxis: dict[str, Any], number: str = ".4g"
) -> go.Figure:
    """One line for each run and role. `number` is the format of values in tooltips and in the summary."""
    own = [run for run in runs if not run.counterfactual]
    alone = len(own) == 1
    traces = [
        _trace(run, role, run.lines.get(role.metric, NOTHING), number, alone)
        for run in sorted(runs, key=lambda run: run.counterfactual != "")
        for role in roles
    ]
    shapes, annotations = _bands(own[0], options) if alone else ([], [])
    annotations += [note for run in (own if len(own) <= MAX_MARKED_RUNS else ()) for note in _notes(run, options)]
    annotations += [note for run in runs for role in roles for note in _not_numbers(run, role, options)]
    return figure(
        traces,
        runs,
        options,
        _summary(runs, roles, number),
        xaxis={"title": {"text": "step"}, "rangemode": "tozero", "tickformat": "~s"},
        yaxis=yaxis,
        shapes=shapes,
        annotations=annotations,
    )


def _trace(run: RunData, role: Role, line: Line, number: str, alone: bool) -> go.Scatter:
    name = plain(run.counterfactual) or (role.name if alone else label(run))
    few = len(line.steps) <= 40
    color = role.color or run.color
    return go.Scatter(
        x=line.steps,  # arrays, not lists: Plotly looks at each item of a list
        y=np.where(np.isfinite(line.values), line.values, np.nan),
        name=name,
        legendgroup=run.id if run.counterfactual or not alone else None,
        showlegend=role.strong or (alone and not run.counterfactual),
        mode="markers" if not role.joined else "lines+markers" if role.strong and few else "lines",
        line={"color": color, "width": 2.2 if role.strong else 1.3, "dash": _dash(run, role, alone)},
        marker={"size": 5 if few else 3, "color": color},
        opacity=1.0 if role.strong else 0.6 if alone else 0.42,
        connectgaps=False,
        hovertemplate=f"%{{y:{number}}} at step %{{x:,d}}<extra>{plain(run.counterfactual) or label(run, 40)}<br>{plain(role.name)}</extra>",
        meta={"run": run.id, "metric": role.metric, "role": role.name},
    )


def _dash(run: RunData, role: Role, alone: bool) -> str:
    """Dashes tell runs of one colour apart. On a noisy curve they would be unreadable, and slow to draw."""
    if run.counterfactual:
        return "dot"
    return run.dash if role.strong and not alone else "solid"


def _bands(run: RunData, options: Options) -> tuple[list[Any], list[Any]]:
    """A shade behind every other stage, a line before each, and its name at the top."""
    look = LOOKS[options.theme]
    end = max((band.last for band in run.bands), default=0) or 1
    shapes: list[Any] = []
    for index, band in enumerate(run.bands):
        if index % 2 and band.last > band.first:
            area = {"x0": band.first, "x1": band.last, "y0": 0, "y1": 1, "fillcolor": look.band, "line": {"width": 0}}
            shapes.append({"type": "rect", "xref": "x", "yref": "paper", "layer": "below", **area})
        if index:
            edge = {"x0": band.first, "x1": band.first, "y0": 0, "y1": 1}
            line = {"color": look.grid, "width": 1.5, "dash": "dot"}
            shapes.append({"type": "line", "xref": "x", "yref": "paper", "layer": "below", "line": line, **edge})
    return shapes, [_band_label(step, text, wide / end, options) for step, text, wide in _places(run)]


def _places(run: RunData) -> Iterator[tuple[int, str, int]]:
    """Step, text and width of each label; stages that begin at the same step share one."""
    starts = sorted({band.first for band in run.bands})
    for start in starts:
        here = [band for band in run.bands if band.first == start]
        yield start, " → ".join(band.label for band in here), max(band.last for band in here) - start


def _band_label(step: int, text: str, share: float, options: Options) -> dict[str, Any]:
    """The stage's name above its band; a sign that tells it on hovering where the band is too narrow for it."""
    narrow = share < NARROW
    return {
        "x": step, "y": 1, "xref": "x", "yref": "paper", "text": "▾" if narrow else plain(text), "showarrow": False,
        "xanchor": "center" if narrow else "left", "yanchor": "bottom", "hovertext": plain(text),
        "font": {"size": 11, "color": LOOKS[options.theme].faint},
        "hoverlabel": {"bgcolor": LOOKS[options.theme].tooltip, "font": {"color": LOOKS[options.theme].text}},
    }  # fmt: skip


def _notes(run: RunData, options: Options) -> list[dict[str, Any]]:
    """A small triangle at the bottom for everything that happened, told on hovering."""
    return [_sign(mark.step, "▴", f"{plain(mark.text)}<br>{label(run, 40)}", run.color, options) for mark in run.marks]


def _not_numbers(run: RunData, role: Role, options: Options) -> list[dict[str, Any]]:
    """Points at which a curve first has a value that no axis can show."""
    line = run.lines.get(role.metric)
    if line is None or np.isfinite(line.values).all():
        return []
    first = int(np.argmin(np.isfinite(line.values)))
    value = {True: "not a number"}.get(bool(np.isnan(line.values[first])), "infinite")
    text = f"{plain(role.name)} is {value} at step {line.steps[first]:,}<br>{label(run, 40)}"
    return [_sign(int(line.steps[first]), "✕", text, run.color, options)]


def _sign(step: int, sign: str, hover: str, color: str, options: Options) -> dict[str, Any]:
    return {
        "x": step, "y": 0, "xref": "x", "yref": "paper", "text": sign, "showarrow": False, "yanchor": "bottom",
        "hovertext": hover, "font": {"size": 14, "color": color},
        "hoverlabel": {"bgcolor": LOOKS[options.theme].tooltip, "font": {"color": LOOKS[options.theme].text}},
    }  # fmt: skip


def _summary(runs: Sequence[RunData], roles: Sequence[Role], number: str) -> str:
    sentences = [f"{title(run)}: {'; '.join(parts)}." for run in runs[:10] if (parts := _describe(run, roles, number))]
    more = f" And {len(runs) - 10} more runs." if len(runs) > 10 else ""
    return " ".join(sentences) + more if sentences else "Nothing has been measured yet."


def _describe(run: RunData, roles: Sequence[Role], number: str) -> list[str]:
    """`train from 2.303 to 0.04321 at step 437`, for each role."""
    parts = []
    for role in roles:
        line = run.lines.get(role.metric)
        if line is not None and np.isfinite(line.values).any():
            finite = line.values[np.isfinite(line.values)]
            last = int(line.steps[-1])
            parts.append(f"{role.name} from {finite[0]:{number}} to {finite[-1]:{number}} at step {last:,}")
    return parts
