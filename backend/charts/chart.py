"""Base class of charts, and their discovery: each file of `figures/` holds one."""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

from backend.charts import figures
from backend.charts.artifacts import Artifacts
from backend.charts.data import Options, RunData

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


Group = Literal["training", "diagnosis", "data", "quality", "results", "comparison"]


@dataclass(frozen=True)
class Chart:
    """A picture of some runs: of what they measured at steps, of what they showed, or of what their stages left.

    A run's page offers the chart when the run has one of the metrics, a summary of one of the kinds, or results.
    """

    title: str
    draw: Callable[[Sequence[RunData], Options], "Figure"]
    metrics: tuple[str, ...] = ()
    """The lines that it draws. `gradient_norm/*` stands for one of each layer: offered when `gradient_norm` is there."""
    summaries: tuple[str, ...] = ()
    """Kinds of summaries that it draws."""
    results: bool = False
    draw_artifacts: Callable[[Artifacts, Options], "Figure"] | None = None
    """Draws the same of what is remembered of very many artifacts, when it asks nothing else of the runs."""
    group: Group = "training"
    rank: int = 50
    """Its place among the charts of its group: the smallest comes first."""
    expected: bool = False
    """True when its place is kept free on the page of a run that has not measured anything yet."""


def names() -> list[str]:
    """Every chart's name: its file's. Imports none of them, since that takes Plotly along."""
    return sorted(module.name for module in pkgutil.iter_modules(figures.__path__))


@lru_cache(maxsize=1)
def charts() -> Mapping[str, Chart]:
    """Every chart by name. Fails loudly when a file has none."""
    found = {name: importlib.import_module(f"{figures.__name__}.{name}") for name in names()}
    for name, module in found.items():
        if not isinstance(getattr(module, "chart", None), Chart):
            raise RuntimeError(
                f"{module.__name__} must define `chart`, a backend.charts.chart.Chart; `{name}` has none"
            )
    return {name: module.chart for name, module in found.items()}


def sort_charts() -> list[tuple[str, Chart]]:
    """Every chart in the order in which a run shows them: group by group, by rank."""
    groups = get_args(Group)
    return sorted(charts().items(), key=lambda item: (groups.index(item[1].group), item[1].rank, item[0]))


def is_offered(chart: Chart, metrics: Collection[str], summaries: Collection[str], results: bool) -> bool:
    """Returns whether the chart can show a run with these metrics, kinds of summaries, and perhaps results."""
    return (
        any(metric in metrics for metric in chart.metrics)
        or any(kind in summaries for kind in chart.summaries)
        or (chart.results and results)
    )
