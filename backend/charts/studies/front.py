"""Two objectives against each other."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.dots import dots, first, thin
from backend.charts.palette import COLORS
from backend.charts.theme import LOOKS, build, text
from backend.charts.trials import StudyChart, StudyData, StudyOptions, TrialData, describe_objective


def draw(study: StudyData, options: StudyOptions) -> go.Figure:
    """The first two objectives; trials that no other one beats in all of them are on the front, the others dim."""
    on_front = {trial.number for trial in study.front}
    others = [trial for trial in study.complete if trial.number not in on_front]
    faint = LOOKS[options.theme].faint
    line = sorted(study.front, key=lambda trial: trial.values[0])
    traces = [
        _dots("another one is better", {"color": faint, "size": 6, "opacity": 0.5}, thin(others, first, _second)),
        _dots("on the front", {"color": COLORS[0], "size": 9}, line),
    ]
    if len(study.objectives) == 2:
        shape = "vh" if study.objectives[0].rising else "hv"
        style = {"color": COLORS[0], "width": 1.5, "shape": shape}
        x, y = ([trial.values[index] for trial in line] for index in (0, 1))
        traces.append(
            go.Scatter(x=x, y=y, mode="lines", line=style, showlegend=False, hoverinfo="skip", meta={"role": "front"})
        )
    words = (
        f"{len(line)} of {len(study.complete)} complete trials are on the front."
        if line
        else "No trial is complete yet."
    )
    names = [text(describe_objective(one)) for one in study.objectives[:2]]
    axes: dict[str, Any] = {"xaxis": {"title": {"text": names[0]}}, "yaxis": {"title": {"text": names[1]}}}
    return build(traces, options.theme, words, **axes)


def _second(trial: TrialData) -> float:
    return trial.values[1]


def _dots(name: str, marker: dict[str, Any], trials: Sequence[TrialData]) -> go.Scatter:
    return dots(
        trials, first, _second, lambda trial: f"{first(trial):.4g}, {_second(trial):.4g}", name=name, marker=marker
    )


chart = StudyChart("Trade-offs", draw, shows=lambda objectives, space: len(objectives) > 1, rank=15)
