"""Every complete trial as a line through its values."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from backend.charts.data import Theme
from backend.charts.theme import LOOKS, build, text
from backend.charts.trials import StudyChart, StudyData, StudyOptions, TrialData, describe_objective, short, word
from backend.domain.study.space import Dimension

MOST = 1500  # lines; of more the best ones are drawn
FEW = 200  # lines whose values are marked: of more, markers hide the lines and take a browser seconds
SHADES = 12
FOOT = -0.12  # where a field stands that a trial leaves out


@dataclass(frozen=True)
class Axis:
    label: str
    places: Sequence[float]  # of each trial, 0 at the foot … 1 at the top
    texts: Sequence[str]  # the same as values
    ticks: Sequence[tuple[float, str]]


def draw(study: StudyData, options: StudyOptions) -> go.Figure:
    """One upright axis for each objective and field. The better a trial, the stronger its colour; equal shades are one
    trace, with gaps between lines, since the browser's plotter has no traces of its own for this."""
    rising = study.objectives[0].rising
    trials = sorted(study.complete, key=lambda trial: trial.values[0], reverse=rising)[:MOST]
    if not trials:
        return build([], options.theme, "No trial is complete yet.")
    axes = [_objective(index, study, trials) for index in range(len(study.objectives))]
    axes += [_axis(one, study, trials) for one in study.space]
    words = f"{len(trials)} complete trials over {len(study.space)} fields."
    if short_of := len(study.complete) - len(trials):
        words += f" Those are the best; {short_of} more are not drawn."
    return build(_lines(axes, trials, options.theme), options.theme, words, **_layout(axes, options.theme))


def _lines(axes: Sequence[Axis], trials: Sequence[TrialData], theme: Theme) -> list[go.Scatter]:
    """The best ones last, and so on top."""
    shades = min(SHADES, len(trials))
    colors = sample_colorscale("Viridis", [(0.05 + 0.85 * shade / max(shades - 1, 1)) for shade in range(shades)])
    if theme == "dark":
        colors.reverse()
    traces = []
    for shade in reversed(range(shades)):
        mine = [index for index in range(len(trials)) if index * shades // len(trials) == shade]
        points = [(place, index) for index in mine for place in [*range(len(axes)), None]]
        traces.append(
            go.Scatter(
                x=[place for place, _ in points],
                y=[None if place is None else axes[place].places[index] for place, index in points],
                customdata=[trials[index].number for _, index in points],
                text=[None if at is None else f"{axes[at].label} {axes[at].texts[index]}" for at, index in points],
                mode="lines+markers" if len(trials) <= FEW else "lines",
                line={"color": colors[shade], "width": 2.5 if shade == 0 else 1.5},
                marker={"color": colors[shade], "size": 5},
                hovertemplate="trial %{customdata}: %{text}<extra></extra>",
                showlegend=False,
                meta={"role": "trials"},
            )
        )
    return traces


def _layout(axes: Sequence[Axis], theme: Theme) -> dict[str, Any]:
    look = LOOKS[theme]
    line = {"color": look.faint, "width": 1}
    ticks = [(place, at, said) for place, axis in enumerate(axes) for at, said in axis.ticks]
    font = {"size": 10, "color": look.faint}
    beside = {"showarrow": False, "xanchor": "right", "xshift": -7, "borderpad": 1, "opacity": 0.85}
    return {
        "xaxis": {
            "tickvals": list(range(len(axes))),
            "ticktext": [axis.label for axis in axes],
            "side": "top",
            "range": [-0.35, len(axes) - 0.65],
            "showgrid": False,
        },
        "yaxis": {"range": [FOOT - 0.06, 1.06], "visible": False},
        "shapes": [{"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line} for x in range(len(axes))],
        "annotations": [
            {"x": x, "y": y, "text": said, "font": font, "bgcolor": look.tooltip, **beside} for x, y, said in ticks
        ],
        "dragmode": "select",
        "margin": {"l": 64, "r": 24, "t": 40, "b": 12},
    }


def _objective(index: int, study: StudyData, trials: Sequence[TrialData]) -> Axis:
    values = [trial.values[index] for trial in trials]
    return _scaled(text(describe_objective(study.objectives[index])), values, min(values), max(values), log=False)


def _axis(one: Dimension, study: StudyData, trials: Sequence[TrialData]) -> Axis:
    label = text(short(one.field, study.space))
    held = [trial.assignment.get(one.field) for trial in trials]
    if one.choice is None:
        varied = [value for value in held if value is not None]
        return _scaled(label, held, min([one.bottom, *varied]), max([one.top, *varied]), one.log)
    # What the space held before it was narrowed has been tried all the same.
    choices = [*one.choice, *(value for value in held if value is not None and value not in one.choice)]
    choices = [value for place, value in enumerate(choices) if choices.index(value) == place]
    words = [text(word(value)) for value in choices]
    steps = max(len(words) - 1, 1)
    known = [None if value is None else choices.index(value) for value in held]
    return Axis(
        label,
        [FOOT if at is None else at / steps for at in known],
        ["left out" if at is None else words[at] for at in known],
        [*((at / steps, said) for at, said in enumerate(words)), *_foot(None in known)],
    )


def _scaled(label: str, held: Sequence[float | None], low: float, high: float, log: bool) -> Axis:
    def share(value: float) -> float:
        if high == low:
            return 0.5
        return log10(value / low) / log10(high / low) if log else (value - low) / (high - low)

    middle = (low * high) ** 0.5 if log else (low + high) / 2
    ends = [low] if high == low else [low, middle, high]
    return Axis(
        label,
        [FOOT if value is None else share(value) for value in held],
        ["left out" if value is None else f"{value:.4g}" for value in held],
        [*((share(value), f"{value:.3g}") for value in ends), *_foot(None in held)],
    )


def _foot(needed: bool) -> list[tuple[float, str]]:
    return [(FOOT, "left out")] if needed else []


chart = StudyChart("Parallel coordinates", draw, rank=20)
