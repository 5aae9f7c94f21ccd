"""A study: a search over an experiment's fields."""

from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from backend.domain.constraint_tree import Constraint
from backend.domain.constraints import parse
from backend.domain.experiment.experiment import inline
from backend.domain.experiment.variants import Variant, vary
from backend.domain.measures import MEASURES, measure_of
from backend.domain.study.space import Assignment, Dimension

MAX_TRIALS = 10_000
LIVE = "validation/"
LIVE_METRICS = ("accuracy", "loss", "r2", "mae", "perplexity")
RISING = frozenset({"accuracy", "r2"})

_KNOWN_MEASURES = (
    *(f"{LIVE}{name}" for name in LIVE_METRICS),
    *(f"{name}@1" if measure.by_batch else name for name, measure in MEASURES.items()),
)

Direction = Literal["minimize", "maximize"]


class StudyState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    """No trial is begun; those that run go on."""
    STOPPING = "stopping"
    """No trial is begun any more; those that run come to their end."""
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        return self in (StudyState.FINISHED, StudyState.STOPPED, StudyState.FAILED)


class TrialState(StrEnum):
    WAITING = "waiting"
    """A person has asked for it; it begins next."""
    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    """Ended early, since others had been better at the same point."""
    FAILED = "failed"

    @property
    def over(self) -> bool:
        return self in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED)


class Objective(BaseModel):
    """A measure to minimize or to maximize."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: str = Field(
        max_length=80,
        description="A metric of the validation split such as `validation/accuracy`, or what is measured of the last stage's "
        "artifact: `accuracy`, `bytes`, `p95_ms@1`.",
        json_schema_extra={"x-objective": True, "examples": [*_KNOWN_MEASURES]},
    )
    direction: Direction | None = Field(default=None, description="By itself the one in which it is better.")
    of: Literal["last", "best"] = Field(
        default="last", description="Value that counts of a metric of the validation split: its last or its best."
    )

    @property
    def live(self) -> str | None:
        """The metric that tells of it while the run trains; None for what is known only at the end."""
        name = self.measure.removeprefix(LIVE)
        return f"{LIVE}{name}" if name in LIVE_METRICS else None

    @property
    def rising(self) -> bool:
        """Returns whether larger is better."""
        if self.direction is not None:
            return self.direction == "maximize"
        name = self.measure.removeprefix(LIVE)
        return name in RISING if name in LIVE_METRICS else measure_of(name).larger_is_better


class Budget(BaseModel):
    """Limits of the study: it ends at the first one that is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trials: int | None = Field(default=None, ge=1, le=MAX_TRIALS, description="Trials, those that are ended early too.")
    hours: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="Time that runs are at work, all of them together.",
        json_schema_extra={"x-unit": "h"},
    )
    joules: float | None = Field(
        default=None,
        gt=0,
        le=1e12,
        description="Energy that training takes, where the machine counts it.",
        json_schema_extra={"x-unit": "J"},
    )


class Study(BaseModel):
    """A search over an experiment's fields: it creates runs until its budget is used up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=150, description="Name of the study.")
    spec: dict[str, Any] = Field(description="The experiment whose fields are varied.")
    space: list[Dimension] = Field(
        min_length=1, max_length=50, description="The fields that are varied, and within what."
    )
    objectives: list[Objective] = Field(
        min_length=1,
        max_length=4,
        description="Measures to optimize; with several, the study looks for the best trade-offs.",
    )
    constraint: str = Field(
        default="",
        max_length=500,
        description="Condition that the artifact of the last stage must meet: `bytes <= 100KB and p95 <= 2ms`.",
        json_schema_extra={"x-constraint": True},
    )
    sampler: Annotated[dict[str, Any], Field(json_schema_extra={"x-family": "samplers"})] = Field(
        default={"kind": "tpe"}, description="Method that chooses the next trial."
    )
    pruner: Annotated[dict[str, Any], Field(json_schema_extra={"x-family": "trial_pruners"})] = Field(
        default={"kind": "none"}, description="Rule that ends weak trials early."
    )
    budget: Budget = Field(default=Budget(), description="Limits of the study: it ends when the first one is reached.")
    parallel: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Trials that are under way at once, queued ones too: one more than workers keeps all busy.",
    )
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Random seed of the sampler.")

    def constraints(self) -> Constraint | None:
        return parse(self.constraint)

    def narrow(self, space: list[Dimension]) -> Self:
        return self.model_copy(update={"space": space})


@cache
def outline() -> dict[str, Any]:
    """The study's JSON Schema with `x-family` where a component goes, without $refs."""
    return inline(Study.model_json_schema())


def trial_spec(study: Study, values: Assignment, number: int) -> dict[str, Any]:
    """The document of one trial: the study's spec with these values. Raises SpecInvalid."""
    document: dict[str, Any] = vary({**study.spec, "name": study.name}, Variant(name=f"trial {number}", changes=values))
    return document
