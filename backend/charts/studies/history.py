"""Chart of each trial's objective, and the best so far."""

from typing import Any

import plotly.graph_objects as go

from backend.charts.dots import dots, first, thin
from backend.charts.palette import COLORS
from backend.charts.theme import LOOKS, build, text
from backend.charts.trials import StudyChart, StudyData, StudyOptions, TrialData, describe_objective
from backend.domain.study.study import TrialState


def draw(study: StudyData, options: StudyOptions) -> go.Figure:
    """The first objective of every trial in order; pruned ones are hollow, those that miss the constraint crosses."""
    faint = LOOKS[options.theme].faint
    best = _best_so_far(study)
    kept = {trial for trial, _ in best}
    looks: list[tuple[str, dict[str, Any], list[TrialData]]] = [
        ("complete", {"color": COLORS[0], "size": 7}, [one for one in study.complete if one.meets]),
        (
            "misses the constraint",
            {"color": faint, "size": 8, "symbol": "x"},
            [one for one in study.complete if not one.meets],
        ),
        (
            "pruned",
            {"color": faint, "size": 7, "symbol": "circle-open"},
            [one for one in study.trials if one.state is TrialState.PRUNED and one.values],
        ),
    ]
    traces = [
        dots(
            thin(trials, number, first, kept),
            number,
            first,
            lambda trial: f"{first(trial):.4g}",
            name=name,
            marker=marker,
        )
        for name, marker, trials in looks
        if trials
    ]
    shown, valued = sum(len(trace.x) for trace in traces), sum(len(trials) for _, _, trials in looks)
    if best:
        last = study.trials[-1].number
        x = [trial for trial, _ in best] + [last]
        y = [value for _, value in best] + [best[-1][1]]
        line = {"color": COLORS[1], "width": 2, "shape": "hv"}
        # It passes through the best trials, and must not take the pointer from them.
        look = {"mode": "lines", "line": line, "hoverinfo": "skip"}
        traces.append(go.Scatter(x=x, y=y, name="best so far", meta={"role": "best"}, **look))
    words = (
        f"The best of {len(study.trials)} trials has {describe_objective(study.objectives[0])} {best[-1][1]:.4g}."
        if best
        else "No trial is complete yet."
    )
    if shown < valued:
        words += f" {shown} are drawn, one in each place."
    axes: dict[str, Any] = {
        "xaxis": {"title": {"text": "trial"}},
        "yaxis": {"title": {"text": text(describe_objective(study.objectives[0]))}},
    }
    return build(traces, options.theme, words, **axes)


def number(trial: TrialData) -> int:
    return trial.number


def _best_so_far(study: StudyData) -> list[tuple[int, float]]:
    """Number and value of each trial that was the best when it came."""
    found: list[tuple[int, float]] = []
    rising = study.objectives[0].rising
    for trial in study.complete:
        value = trial.values[0]
        if trial.meets and (not found or (value > found[-1][1] if rising else value < found[-1][1])):
            found.append((trial.number, value))
    return found


chart = StudyChart("History", draw, rank=10)
