"""Input of charts: plain data, without the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backend.domain.constraint_tree import Constraint
from backend.domain.run.results import StageResult

Theme = Literal["light", "dark"]


@dataclass(frozen=True, eq=False)
class Line:
    """One metric over optimizer steps, thinned to what a chart can show."""

    steps: NDArray[np.int64]  # [n], ascending
    values: NDArray[np.float64]  # [n], may hold NaN and infinities
    points: int  # how many stored points it stands for
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.array([]))  # [n], of active training


@dataclass(frozen=True)
class Band:
    """The steps of one stage. `last` equals `first` for a stage that does not train."""

    label: str
    first: int
    last: int


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step and deserves a look."""

    step: int
    text: str


@dataclass(frozen=True, eq=False)
class Summary:
    """Something that a run showed beside its curves; what `body` holds is told where its kind is made."""

    kind: str
    stage: int
    step: int
    body: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class RunData:
    id: str
    name: str
    seed: int
    color: str
    experiment: str = ""  # runs of one experiment differ in their seed alone
    dash: str = "solid"
    counterfactual: str = ""  # `without …`: it shows another of these runs so, and is drawn dotted beside it
    seq: int = 0  # last event that the lines include
    dataset: str = ""  # what its spec says of the data, as JSON
    preparation: str = ""  # kind of what the data go through first
    model: str = ""  # kind of the model
    lines: Mapping[str, Line] = field(default_factory=dict)  # by metric
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()
    results: tuple[StageResult, ...] = ()
    summaries: tuple[Summary, ...] = ()  # by kind, stage and step

    def summaries_of(self, kind: str) -> list[Summary]:
        """Its summaries of this kind, by stage and step."""
        return [summary for summary in self.summaries if summary.kind == kind]


@dataclass(frozen=True)
class Options:
    theme: Theme = "light"
    cost: str = "bytes"  # what quality is weighed against, see `backend.domain.measures`
    quality: str = ""  # one of `QUALITIES`; by itself the first that was measured
    minimize: str = ""  # what the best has least of; by itself the cost
    where: Constraint | None = None  # what a model must meet
    uploads: tuple[tuple[str, str], ...] = ()  # id and name of those that `where` may name
    formats: tuple[str, ...] = ()  # exporters whose files are drawn; all where none is named
    devices: tuple[str, ...] = ()  # devices on which a file must have been timed; any where none is named
    target: float | None = None  # the validation accuracy that is to be reached, a share; by itself what all can reach
