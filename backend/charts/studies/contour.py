"""The objective over two fields."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.charts.dots import Value, dots, first, thin
from backend.charts.theme import build, text
from backend.charts.trials import StudyChart, StudyData, StudyOptions, TrialData, describe_objective, short, word
from backend.domain.study.space import Dimension

CELLS = 40
NEAR = 0.12  # how far a trial's value reaches, in shares of an axis

Floats = NDArray[np.float64]


def draw(study: StudyData, options: StudyOptions) -> go.Figure:
    """Mean of the trials, weighted by distance, between them: an estimate, and drawn only near trials."""
    fields = {one.field: one for one in study.space}
    x, y = (fields[name] for name in _chosen(study.space, options))
    trials = [one for one in study.complete if x.field in one.assignment and y.field in one.assignment]
    labels = [short(one.field, study.space) for one in (x, y)]
    axes: dict[str, Any] = {"xaxis": _axis(x, labels[0]), "yaxis": _axis(y, labels[1])}
    if len(trials) < 3:
        return build([], options.theme, "Fewer than three complete trials vary both fields.", **axes)
    places = np.array(
        [[_place(x, trial.assignment[x.field]), _place(y, trial.assignment[y.field])] for trial in trials]
    )
    values = np.array([trial.values[0] for trial in trials])
    traces = [_surface(x, y, places, values, study), _dots(x, y, trials)]
    words = f"{describe_objective(study.objectives[0])} over {labels[0]} and {labels[1]}, from {len(trials)} trials."
    return build(traces, options.theme, words, **axes)


def _chosen(space: Sequence[Dimension], options: StudyOptions) -> tuple[str, str]:
    names = [one.field for one in space]
    x = options.x if options.x in names else names[0]
    y = options.y if options.y in names and options.y != x else next(name for name in names if name != x)
    return x, y


def _surface(x: Dimension, y: Dimension, places: Floats, values: Floats, study: StudyData) -> go.Contour | go.Heatmap:
    """The weighted mean of the trials at each cell, weights falling with the distance; gaps where none is near."""
    across, up = _grid(x), _grid(y)
    aside, above = _weights(across, places[:, 0]), _weights(up, places[:, 1])  # [cell, trial]
    total = above @ aside.T  # [up, across]: a weight is the product of both
    z = np.where(total > np.exp(-2), (above * values) @ aside.T / np.maximum(total, 1e-12), np.nan)
    looks: dict[str, Any] = {
        "x": [_value(x, share) for share in across],
        "y": [_value(y, share) for share in up],
        "z": z,
        "colorscale": "Viridis",
        "reversescale": not study.objectives[0].rising,
        "hovertemplate": "about %{z:.4g}<extra></extra>",
        "colorbar": {"thickness": 12},
        "meta": {"role": "surface"},
    }
    if x.choice is not None or y.choice is not None:
        return go.Heatmap(**looks)  # nothing lies between two choices
    return go.Contour(contours={"coloring": "heatmap"}, line={"width": 0.5}, **looks)


def _weights(cells: Floats, places: Floats) -> Floats:
    weights: Floats = np.exp(-np.square(cells[:, None] - places) / (2 * NEAR**2))
    return weights


def _dots(x: Dimension, y: Dimension, trials: Sequence[TrialData]) -> go.Scatter:
    def along(one: Dimension) -> Value:
        return lambda trial: _place(one, trial.assignment[one.field])

    return dots(
        thin(trials, along(x), along(y)),
        lambda trial: _value(x, along(x)(trial)),
        lambda trial: _value(y, along(y)(trial)),
        lambda trial: f"{first(trial):.4g}",
        marker={"color": "#ffffff", "size": 6, "line": {"color": "#1e222a", "width": 1}},
        showlegend=False,
    )


def _grid(one: Dimension) -> Floats:
    return np.linspace(0, 1, CELLS if one.choice is None else len(one.choice))


def _place(one: Dimension, value: Any) -> float:
    """Position of a value on its axis, 0 … 1."""
    if one.choice is not None:
        return one.choice.index(value) / max(len(one.choice) - 1, 1) if value in one.choice else 0.0
    if one.log:
        return float(np.log(value / one.bottom) / np.log(one.top / one.bottom))
    return float((value - one.bottom) / (one.top - one.bottom))


def _value(one: Dimension, share: float) -> float:
    """Value at a position of the axis; choices go by their place."""
    if one.choice is not None:
        return share * max(len(one.choice) - 1, 1)
    if one.log:
        return float(one.bottom * (one.top / one.bottom) ** share)
    return one.bottom + share * (one.top - one.bottom)


def _axis(one: Dimension, label: str) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": text(label)}, "type": "log" if one.log else "linear"}
    if one.choice is not None:
        axis |= {"tickvals": list(range(len(one.choice))), "ticktext": [text(word(value)) for value in one.choice]}
    return axis


chart = StudyChart(
    "Contour",
    draw,
    shows=lambda objectives, space: len(space) > 1,
    over=lambda space: [one.field for one in space],
    rank=40,
)
