"""Every complete trial as a line through its values."""

from collections.abc import Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go

from backend.charts.theme import LOOKS, drawn, text
from backend.charts.trials import StudyChart, StudyData, StudyOptions, TrialData, named, short, word
from backend.spec.space import Dimension

MOST = 1500  # lines; of more the best ones are drawn


def draw(study: StudyData, options: StudyOptions) -> go.Figure:
    """Fields that a trial leaves out stand at the foot of their axis. Brush an axis to keep what lies in a range."""
    rising = study.objectives[0].rising
    trials = sorted(study.complete, key=lambda trial: trial.values[0], reverse=rising)[:MOST]
    values = [trial.values[0] for trial in trials]
    axes = [_objective(index, study, trials) for index in range(len(study.objectives))]
    axes += [_axis(one, study, trials) for one in study.space]
    line: dict[str, Any] = {"color": values, "colorscale": "Viridis", "reversescale": rising, "showscale": True}
    look = LOOKS[options.theme]
    traces = [
        go.Parcoords(
            dimensions=axes,
            line=line,
            labelfont={"color": look.text},
            tickfont={"color": look.faint},
            rangefont={"color": look.faint},
            meta={"role": "trials", "trials": [trial.number for trial in trials]},
        )
    ]
    told = f"{len(trials)} complete trials over {len(study.space)} fields." if trials else "No trial is complete yet."
    return drawn(traces if trials else [], options.theme, told, margin={"t": 56, "l": 72, "r": 40, "b": 24})


def _objective(index: int, study: StudyData, trials: Sequence[TrialData]) -> dict[str, Any]:
    return {"label": text(named(study.objectives[index])), "values": [trial.values[index] for trial in trials]}


def _axis(one: Dimension, study: StudyData, trials: Sequence[TrialData]) -> dict[str, Any]:
    label = text(short(one.field, study.space))
    held = [trial.assignment.get(one.field) for trial in trials]
    if one.choice is not None:
        words = [word(value) for value in one.choice]
        places = [-1 if value is None else one.choice.index(value) if value in one.choice else -1 for value in held]
        return {
            "label": label,
            "values": places,
            "tickvals": list(range(len(words))),
            "ticktext": [text(w) for w in words],
        }
    if one.log:
        foot = log10(one.bottom)
        values = [foot if value is None else log10(value) for value in held]
        ticks = sorted({foot, (foot + log10(one.top)) / 2, log10(one.top), *range(-12, 13)})
        ticks = [tick for tick in ticks if foot - 1e-9 <= tick <= log10(one.top) + 1e-9]
        return {"label": label, "values": values, "tickvals": ticks, "ticktext": [f"{10**tick:.3g}" for tick in ticks]}
    return {"label": label, "values": [one.bottom if value is None else value for value in held]}


chart = StudyChart("Parallel coordinates", draw, rank=20)
