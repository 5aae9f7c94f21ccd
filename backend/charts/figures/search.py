"""Chart of the values that a search tried, and the one that it chose."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.measures import wide
from backend.charts.panels import axes, panels
from backend.charts.stages import Shown, stages
from backend.charts.theme import LOOKS, figure, title
from backend.charts.theme import text as plain

MOST = 6
Body = Mapping[str, Any]
Numbered = tuple[int, Mapping[str, Any]]  # place in the order of the search, counted from 1; an evaluation


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Every value that a search tried, in order, against what was measured of it: what meets the bound, and what it chose."""
    shown = stages(runs, "search", "evaluations", MOST)
    traces = [trace for place, one in enumerate(shown) for trace in _search(one, place, options)]
    layout = panels(
        [words for _, words, _ in shown],
        options,
        [_axis(body["parameter"], body["unit"], [one["value"] for one in body["evaluations"]]) for *_, body in shown],
        [{"title": {"text": plain(body["measured"])}} for *_, body in shown],
        columns=1 if len(shown) == 1 else 2,
        pixels=300,
    )
    return figure(
        traces,
        runs,
        options,
        " ".join(_describe(run, body) for run, _, body in shown) or "Nothing has been measured yet.",
        **layout,
    )


def _axis(parameter: str, unit: str, values: Sequence[float]) -> dict[str, Any]:
    words = plain(parameter.replace("_", " ") + (f", {unit}" if unit else ""))
    return {"title": {"text": words}, "type": "log" if wide(values) else "linear"}


def _search(shown: Shown, place: int, options: Options) -> list[go.Scatter]:
    """The way that the search took, what meets the bound and what does not, the bound, and the choice."""
    run, _, body = shown
    faint = LOOKS[options.theme].faint
    measured = [one for one in enumerate(body["evaluations"], 1) if one[1]["measured"] is not None]
    meeting, missing = ([one for one in measured if one[1]["meets"] is meets] for meets in (True, False))
    common = {**axes(place), "showlegend": place == 0}
    way = {"mode": "lines", "line": {"color": faint, "width": 0.8, "dash": "dot"}, "hoverinfo": "skip"}
    good = {"color": run.color, "size": 9, "symbol": "circle"}
    bad = {"color": faint, "size": 9, "symbol": "x-thin", "line": {"color": faint, "width": 2}}
    ring = {"color": run.color, "size": 20, "symbol": "star-open", "line": {"color": run.color, "width": 2}}
    traces = [
        go.Scatter(**_points(run, measured, "the way", body), **way, **common),
        go.Scatter(**_points(run, meeting, "meets it", body), mode="markers+text", marker=good, **common),
        go.Scatter(**_points(run, missing, "misses it", body), mode="markers+text", marker=bad, **common),
    ]
    if body["bound"] is not None and measured:
        traces.append(_bound(run, body, measured, {"color": faint, "width": 1.5, "dash": "dash"}, common))
    if (chosen := _chosen(body, meeting)) is not None:
        traces.append(go.Scatter(**_points(run, [chosen], "chosen", body), mode="markers", marker=ring, **common))
    return traces


def _points(run: RunData, points: Sequence[Numbered], role: str, body: Body) -> dict[str, Any]:
    notes = [f"<br>{plain(one['note'])}" if one.get("note") else "" for _, one in points]
    return {
        "x": [one["value"] for _, one in points],
        "y": [one["measured"] for _, one in points],
        "text": [str(number) for number, _ in points],
        "textposition": "top center",
        "textfont": {"size": 10},
        "cliponaxis": False,
        "customdata": [[number, note] for (number, _), note in zip(points, notes, strict=True)],
        "name": role,
        "legendgroup": role,
        "hovertemplate": f"try %{{customdata[0]}}: {plain(body['measured'])} %{{y:.4g}} at {plain(body['parameter'])} "
        "%{x:.4g}%{customdata[1]}<extra></extra>",
        "meta": {"run": run.id, "role": role},
    }


def _bound(
    run: RunData, body: Body, measured: Sequence[Numbered], line: dict[str, Any], common: dict[str, Any]
) -> go.Scatter:
    values = [one["value"] for _, one in measured]
    return go.Scatter(
        x=[min(values), max(values)],
        y=[body["bound"]] * 2,
        mode="lines",
        name="bound",
        legendgroup="bound",
        line=line,
        hovertemplate="bound %{y:.4g}<extra></extra>",
        meta={"run": run.id, "role": "bound"},
        **common,
    )


def _chosen(body: Body, meeting: Sequence[Numbered]) -> Numbered | None:
    """The evaluation that says it was kept, else the last one of the chosen value."""
    kept = [one for one in meeting if one[1].get("kept")]
    same = [one for one in meeting if one[1]["value"] == body["chosen"]]
    return next(reversed(kept or same), None)


def _describe(run: RunData, body: Body) -> str:
    tried, meets = len(body["evaluations"]), sum(one["meets"] for one in body["evaluations"])
    parameter, chosen = body["parameter"].replace("_", " "), body["chosen"]
    choice = "none was chosen" if chosen is None else f"{parameter} {chosen:.4g} was chosen"
    return f"{title(run)} tried {tried} of at most {body['budget']} models; {meets} meet the bound, {choice}."


chart = Chart("Search", draw, summaries=("search",), group="results", rank=60)
