"""Timeline of a study's trials."""

from typing import Any

import plotly.graph_objects as go

from backend.charts.palette import COLORS
from backend.charts.theme import LOOKS, build
from backend.charts.trials import StudyChart, StudyData, StudyOptions
from backend.domain.study.study import TrialState

MOST = 300  # the newest


def draw(study: StudyData, options: StudyOptions) -> go.Figure:
    """A bar from a trial's queueing to its end; colours say how it ended."""
    faint = LOOKS[options.theme].faint
    colors = {
        TrialState.COMPLETE: COLORS[0],
        TrialState.PRUNED: faint,
        TrialState.FAILED: COLORS[1],
        TrialState.RUNNING: COLORS[2],
    }
    begun = [trial for trial in study.trials if trial.began is not None][-MOST:]
    first = min((trial.began for trial in begun if trial.began), default=None)
    newest = max((trial.ended or trial.began for trial in begun if trial.began), default=None)
    traces = []
    for state, color in colors.items():
        mine = [trial for trial in begun if trial.state is state and trial.began and first and newest]
        if mine:
            starts = [(trial.began - first).total_seconds() for trial in mine if trial.began and first]
            ends = [((trial.ended or newest) - first).total_seconds() for trial in mine if first and newest]
            traces.append(
                go.Bar(
                    base=starts,
                    x=[end - start for start, end in zip(starts, ends, strict=True)],
                    y=[trial.number for trial in mine],
                    customdata=[trial.number for trial in mine],
                    width=0.8,
                    orientation="h",
                    name=state.value,
                    marker={"color": color},
                    hovertemplate="trial %{y}: %{x:.4g} s<extra></extra>",
                    meta={"role": state.value},
                )
            )
    words = f"{len(begun)} trials." if len(begun) == len(study.trials) else f"The newest {len(begun)} trials."
    axes: dict[str, Any] = {
        "xaxis": {"title": {"text": "seconds since the first began"}},
        "yaxis": {"title": {"text": "trial"}},
    }
    return build(traces, options.theme, words, barmode="overlay", **axes)


chart = StudyChart("Timeline", draw, rank=60)
