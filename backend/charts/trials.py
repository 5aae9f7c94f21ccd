"""Input of a study's charts, and their discovery: each file of `studies/` holds one."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.charts import studies
from backend.charts.data import Theme
from backend.charts.front import mark_front
from backend.domain.measures import field_of, measure_of
from backend.domain.path import join, parse
from backend.domain.study.space import Dimension, kind_of
from backend.domain.study.study import LIVE, LIVE_METRICS, Objective, TrialState

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True, slots=True)
class TrialData:
    number: int
    state: TrialState
    assignment: Mapping[str, Any]
    values: Sequence[float]
    meets: bool  # the constraint
    began: datetime | None
    ended: datetime | None


@dataclass(frozen=True, eq=False)
class StudyData:
    name: str
    objectives: Sequence[Objective]
    space: Sequence[Dimension]
    trials: Sequence[TrialData]  # by number
    importance: Mapping[str, float]

    @cached_property
    def complete(self) -> list[TrialData]:
        return [trial for trial in self.trials if trial.state is TrialState.COMPLETE]

    @cached_property
    def front(self) -> list[TrialData]:
        """Complete trials that meet the constraint and that no other one is better than in every objective."""
        found = [trial for trial in self.complete if trial.meets]
        signs = [-1.0 if objective.rising else 1.0 for objective in self.objectives]
        costs = np.array([trial.values for trial in found], dtype=float).reshape(len(found), len(signs)) * signs
        return [found[index] for index in np.flatnonzero(mark_front(costs))]


@dataclass(frozen=True)
class StudyOptions:
    theme: Theme = "light"
    x: str = ""
    y: str = ""


@dataclass(frozen=True)
class StudyChart:
    """A picture of a study's trials."""

    title: str
    draw: Callable[[StudyData, StudyOptions], "Figure"]
    shows: Callable[[Sequence[Objective], Sequence[Dimension]], bool] = lambda objectives, space: True
    """Returns True when a study with these objectives and this space has something to show."""
    over: Callable[[Sequence[Dimension]], Sequence[str]] = lambda space: ()
    """Fields of which a person chooses two to draw it over."""
    rank: int = 50


@lru_cache(maxsize=1)
def study_charts() -> Mapping[str, StudyChart]:
    """Every chart of studies by name, in order. Fails loudly when a file has none."""
    names = sorted(module.name for module in pkgutil.iter_modules(studies.__path__))
    found = {name: importlib.import_module(f"{studies.__name__}.{name}") for name in names}
    for name, module in found.items():
        if not isinstance(getattr(module, "chart", None), StudyChart):
            raise RuntimeError(f"{module.__name__} must define `chart`, a StudyChart; `{name}` has none")
    charts = {name: module.chart for name, module in found.items()}
    return dict(sorted(charts.items(), key=lambda item: item[1].rank))


def short(field: str, space: Sequence[Dimension]) -> str:
    """The end of a field's path that tells it apart: `optimizer.lr` of `stages[0].optimizer.lr`."""
    keys = parse(field)
    others = [parse(one.field) for one in space if one.field != field]
    for length in range(1, len(keys) + 1):
        end = keys[-length:]
        if isinstance(end[0], str) and all(other[-length:] != end for other in others):
            return join("", *end)
    return field


def describe_objective(objective: Objective) -> str:
    """`validation accuracy`, or the title of a measure."""
    name = objective.measure.removeprefix(LIVE)
    if name in LIVE_METRICS:
        return f"validation {name}"
    field = field_of(objective.measure)
    assert field is not None
    return measure_of(field).title.lower() + (f" ({objective.measure})" if "@" in objective.measure else "")


def word(value: Any) -> str:
    """A choice as a tick says it."""
    kind = kind_of(value)
    return f"{kind:.4g}" if isinstance(kind, float) else str(kind).lower() if isinstance(kind, bool) else str(kind)[:24]
