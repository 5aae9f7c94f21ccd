"""Time to target."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.targets import METRIC, Reach, default_target, interval, reaches
from backend.charts.theme import figure, text


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Steps and seconds until the validation accuracy reaches the target: mean over seeds with its 95 % interval."""
    target = default_target(runs) if options.target is None else options.target
    if target is None:
        return figure([], runs, options, "Nothing has been measured yet.")
    found = sorted(reaches(runs, target), key=lambda one: np.mean(one.steps) if one.steps else np.inf)
    labels = _labels(found)
    goal = f"{target:.1%} accuracy"
    return figure(
        [
            _dots(found, labels, "steps", "x", f"%{{x:,.0f}} steps to {goal}"),
            _dots(found, labels, "seconds", "x2", f"%{{x:,.3g}} s to {goal}"),
        ],
        runs,
        options,
        _summary(found, target),
        xaxis={"title": {"text": f"steps to {goal}"}, "domain": [0, 0.47], "rangemode": "tozero"},
        xaxis2={"title": {"text": f"seconds to {goal}"}, "domain": [0.53, 1], "rangemode": "tozero", "anchor": "y"},
        yaxis={"categoryorder": "array", "categoryarray": labels[::-1]},
        height=150 + 34 * max(len(found), 2),
        showlegend=False,
    )


def _dots(found: Sequence[Reach], labels: Sequence[str], what: str, axis: str, hover: str) -> go.Scatter:
    """One dot for each experiment; one that never reached the target has none, but its name stays."""
    spread = [interval(getattr(one, what)) if one.steps else (np.nan, np.nan) for one in found]
    return go.Scatter(
        x=np.array([mean for mean, _ in spread]),
        y=labels,
        xaxis=axis,
        mode="markers",
        marker={"size": 10, "color": [one.color for one in found]},
        error_x={
            "array": np.nan_to_num([width for _, width in spread]),
            "arrayminus": np.nan_to_num(
                [np.minimum(mean, width) for mean, width in spread]
            ),  # no time is less than none
            "symmetric": False,
            "thickness": 1.6,
            "width": 5,
        },
        hovertemplate=f"{hover}<extra>%{{y}}</extra>",
    )


def _labels(found: Sequence[Reach]) -> list[str]:
    """Label of each experiment: what differs from the others, and the number of its runs that reached the target."""
    shared = _shared([one.name for one in found])
    return [f"{text(one.name.removeprefix(shared))} · {len(one.steps)} of {one.runs}" for one in found]


def _shared(names: Sequence[str]) -> str:
    """Common prefix of all names, up to and with a separator."""
    first = names[0].split(" · ") if len(names) > 1 else []
    for count in range(len(first) - 1, 0, -1):
        prefix = " · ".join(first[:count]) + " · "
        if all(name.startswith(prefix) for name in names):
            return prefix
    return ""


def _summary(found: Sequence[Reach], target: float) -> str:
    sentences = [_describe(one) for one in found]
    return f"To {target:.1%} validation accuracy. " + " ".join(sentences)


def _describe(one: Reach) -> str:
    if not one.steps:
        return f"{one.name}: none of {one.runs} runs got there."
    mean, width = interval(one.steps)
    spread = f" ± {width:,.0f}" if np.isfinite(width) else ""
    return f"{one.name}: {mean:,.0f}{spread} steps, {len(one.steps)} of {one.runs} runs."


chart = Chart("Time to target", draw, metrics=(METRIC,), group="comparison")
