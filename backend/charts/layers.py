"""Lines of a model's layers: one of each for a run that is looked at alone, the whole model's for several."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.curves import Role, curves
from backend.charts.data import Options, RunData
from backend.charts.palette import color

MOST_LAYERS = 24  # more lines than that nobody tells apart


def layers(
    runs: Sequence[RunData], options: Options, metric: str, whole: str, yaxis: dict[str, Any], number: str = ".3g"
) -> go.Figure:
    """`metric` of the whole model, named `whole`, and of a run alone `metric/<layer>` of each layer, in the model's order."""
    roles = [Role(metric, whole)]
    if len(runs) == 1:
        names = [name for name in runs[0].lines if name.startswith(f"{metric}/")][:MOST_LAYERS]
        roles += [Role(name, name.partition("/")[2], False, color(place)) for place, name in enumerate(names, 2)]
    return curves(runs, options, roles, yaxis, number)
