"""Chart of the importance of each field."""

from typing import Any

import plotly.graph_objects as go

from backend.charts.palette import COLORS
from backend.charts.theme import build, text
from backend.charts.trials import StudyChart, StudyData, StudyOptions, describe_objective, short


def draw(study: StudyData, options: StudyOptions) -> go.Figure:
    """The share of the difference between good and poor trials that each field makes, as PED-ANOVA estimates it."""
    ranked = sorted(study.importance.items(), key=lambda item: item[1])
    names = [text(short(field, study.space)) for field, _ in ranked]
    bars = go.Bar(
        x=[share for _, share in ranked],
        y=names,
        orientation="h",
        marker={"color": COLORS[0]},
        text=[f"{share:.0%}" for _, share in ranked],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        meta={"role": "importance"},
    )
    words = (
        f"{short(ranked[-1][0], study.space)} matters most for {describe_objective(study.objectives[0])}: {ranked[-1][1]:.0%}."
        if ranked
        else "Too few trials are complete yet to tell what matters."
    )
    axes: dict[str, Any] = {
        "xaxis": {"tickformat": ".0%", "title": {"text": "share of what matters"}},
        "yaxis": {"type": "category"},
    }
    return build([bars] if ranked else [], options.theme, words, **axes)


chart = StudyChart(
    "Importance", draw, shows=lambda objectives, space: sum(one.when is None for one in space) > 1, rank=30
)
