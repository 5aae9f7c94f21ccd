"""Schemas of studies in requests and responses."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.api.schemas.runs import Request
from backend.domain.experiment.resolve import ResolvedField
from backend.domain.problems import Problem
from backend.domain.study.commands import StudyCommandKind
from backend.domain.study.space import Dimension
from backend.domain.study.study import Budget, Study, StudyState, TrialState


class NewStudy(Request):
    study: dict[str, Any] | str = Field(description="The study, as a mapping or as YAML/JSON text.")
    first: list[dict[str, Any]] = Field(
        default=[], max_length=100, description="Trials to begin with: field -> what it holds."
    )


class StudyDraft(Request):
    study: dict[str, Any] | str = Field(description="The study, as a mapping or as YAML/JSON text.")


class StudyChecked(BaseModel):
    """Result of checking a draft against the catalog."""

    study: Study | None = Field(description="The canonical study; null while there are problems.")
    document: Any = Field(description="The draft as parsed from text; null when it does not parse.")
    yaml: str = Field(description="The canonical study as YAML, or the draft as it was while there are problems.")
    problems: list[Problem] = []
    fields: dict[str, ResolvedField] = Field(
        default={},
        description="Path -> the field as it was resolved; also while there are problems, as far as it goes.",
    )
    size: int | None = Field(default=None, description="Number of different trials; null when a range is continuous.")


class VariableField(BaseModel):
    """A field of a spec that a study can vary."""

    path: str
    title: str
    component: str = Field(description="Kind of the component that it belongs to; empty in the outline.")
    description: str
    unit: str
    value: Any = Field(description="Its value in the spec.")
    suggested: bool = Field(description="True for a field that people usually tune first.")
    dimension: Dimension = Field(description="Suggested values.")


class TrialRow(BaseModel):
    number: int
    state: TrialState
    assignment: dict[str, Any] = Field(description="Field -> its value.")
    values: list[float] = Field(
        description="Score for each objective; of a pruned trial the last score before it ended."
    )
    violation: float = Field(description="Distance by which it misses the constraint; 0 when it meets it.")
    by: str | None = Field(description="Person who enqueued it; null when the sampler chose it.")
    run_id: str | None
    steps: int
    seconds: float
    error: str | None = Field(description="Reason why it failed, or misses the constraint; else null.")
    began_at: datetime | None
    ended_at: datetime | None


class Spent(BaseModel):
    trials: int
    hours: float
    joules: float


class StudyRow(BaseModel):
    """A study as a table shows it."""

    id: str
    name: str
    state: StudyState
    error: str | None
    sampler: str
    pruner: str
    objectives: list[str]
    counts: dict[TrialState, int]
    budget: Budget
    best: TrialRow | None = Field(
        description="The best complete trial that meets the constraint; null for several objectives."
    )
    created_at: datetime
    finished_at: datetime | None


class StudyDetail(StudyRow):
    study: Study
    yaml: str = Field(description="The study as YAML.")
    size: int | None = Field(description="Number of different trials; null when a range is continuous.")
    spent: Spent
    charts: list["StudyChartRow"] = Field(description="Charts in the order in which they are shown.")
    front: list[int] = Field(description="Numbers of the trials on the Pareto front.")


class StudyChartRow(BaseModel):
    """A chart for which the study has data."""

    name: str
    title: str
    fields: list[str] = Field(default=[], description="Fields that it can be drawn over: `x` and `y` of the request.")


class TrialPage(BaseModel):
    trials: list[TrialRow]
    total: int


class NewStudyCommand(Request):
    kind: StudyCommandKind = Field(strict=False)
    body: dict[str, Any] = {}


TrialSort = Literal["number", "value", "seconds"]
