"""A study: a search over an experiment's fields."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from backend.spec import experiment, plain
from backend.spec.catalog import Catalog
from backend.spec.constraints import Constraint, parse
from backend.spec.experiment import inline
from backend.spec.fields import SpecField, fields
from backend.spec.measures import MEASURES, field_of, measure_of
from backend.spec.problems import Problem, SpecInvalid
from backend.spec.resolve import Resolver
from backend.spec.space import Assignment, Dimension, reaching, size
from backend.spec.space_problems import odd_dimensions
from backend.spec.variants import Variant, vary

MAX_TRIALS = 10_000
MAX_CHECKED = 400  # values of all fields together: each of them is tried in the spec
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
    """What is to be as small, or as large, as possible."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: str = Field(
        max_length=80,
        description="A metric of the validation split such as `validation/accuracy`, or what is measured of the last stage's "
        "artifact: `accuracy`, `bytes`, `p95_ms@1`.",
        json_schema_extra={"x-objective": True, "examples": [*_KNOWN_MEASURES]},
    )
    direction: Direction | None = Field(default=None, description="By itself the one in which it is better.")
    of: Literal["last", "best"] = Field(
        default="last", description="Which value of a metric of the validation split counts."
    )

    @property
    def live(self) -> str | None:
        """The metric that tells of it while the run trains; None for what is known only at the end."""
        name = self.measure.removeprefix(LIVE)
        return f"{LIVE}{name}" if name in LIVE_METRICS else None

    @property
    def rising(self) -> bool:
        """Whether larger is better."""
        if self.direction is not None:
            return self.direction == "maximize"
        name = self.measure.removeprefix(LIVE)
        return name in RISING if name in LIVE_METRICS else measure_of(name).larger_is_better


class Budget(BaseModel):
    """Where the study ends: at the first of these that is used up."""

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

    name: str = Field(min_length=1, max_length=150, description="What it is called.")
    spec: dict[str, Any] = Field(description="The experiment whose fields are varied.")
    space: list[Dimension] = Field(
        min_length=1, max_length=50, description="The fields that are varied, and within what."
    )
    objectives: list[Objective] = Field(
        min_length=1,
        max_length=4,
        description="What is to be as good as possible; of several, the trade-offs are found.",
    )
    constraint: str = Field(
        default="",
        max_length=500,
        description="What a trial must meet to count, of the last stage's artifact: `bytes <= 100KB and p95 <= 2ms`.",
        json_schema_extra={"x-constraint": True},
    )
    sampler: Annotated[dict[str, Any], Field(json_schema_extra={"x-family": "samplers"})] = Field(
        default={"kind": "tpe"}, description="How the next trial is chosen."
    )
    pruner: Annotated[dict[str, Any], Field(json_schema_extra={"x-family": "trial_pruners"})] = Field(
        default={"kind": "none"}, description="Which trials are ended early."
    )
    budget: Budget = Field(default=Budget(), description="Where it ends: at the first of these that is used up.")
    parallel: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Trials that are under way at once, queued ones too: one more than workers keeps all busy.",
    )
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Where the sampler's randomness begins.")

    def constraints(self) -> Constraint | None:
        return parse(self.constraint)

    def narrowed(self, space: list[Dimension]) -> Self:
        return self.model_copy(update={"space": space})


@cache
def outline() -> dict[str, Any]:
    """The study's JSON Schema with `x-family` where a component goes, without $refs."""
    return inline(Study.model_json_schema())


def trial_spec(study: Study, values: Assignment, number: int) -> dict[str, Any]:
    """The document of one trial: the study's spec with these values. Raises SpecInvalid."""
    document: dict[str, Any] = vary({**study.spec, "name": study.name}, Variant(name=f"trial {number}", changes=values))
    return document


def resolve(document: Any, catalog: Catalog) -> Study:
    """The study in canonical form: every default filled in, its size known, each end of each range fitting into the spec.

    The experiment stays as it was written: its defaults may depend on what is varied. Raises SpecInvalid.
    """
    plain.check(document)
    resolver = Resolver(catalog)
    canonical = resolver.value(document, outline(), path="")
    if resolver.problems:
        raise SpecInvalid(resolver.problems)
    study = Study.model_validate(canonical)
    if problems := [*_odd_objectives(study, catalog), *odd_dimensions(study.space)]:
        raise SpecInvalid(problems)
    study = study.narrowed([_typed(study, one, catalog) for one in study.space])
    if problems := list(_odd_size(study, catalog)):
        raise SpecInvalid(problems)
    return study


def _odd_objectives(study: Study, catalog: Catalog) -> Iterator[Problem]:
    for index, one in enumerate(study.objectives):
        if one.live is None and field_of(one.measure) is None:
            known = ", ".join([*(f"{LIVE}{name}" for name in LIVE_METRICS), *MEASURES])
            message = f"names `{one.measure[:40]}`, which is not measured; known: {known}."
            yield Problem(path=f"objectives[{index}].measure", message=message)
    most = fact(catalog, "samplers", study.sampler, "objectives")
    if most is not None and len(study.objectives) > most:
        message = f"weighs {most} objective at most, and there are {len(study.objectives)}: take another sampler."
        yield Problem(path="sampler", message=message)
    if not fact(catalog, "trial_pruners", study.pruner, "live"):
        return
    if len(study.objectives) > 1:
        message = (
            "ends trials early by one objective, and there are several: take another pruner, or leave one objective."
        )
        yield Problem(path="pruner", message=message)
    elif study.objectives[0].live is None:
        measure = study.objectives[0].measure
        message = (
            f"needs an objective that is known while a run trains, and `{measure}` is measured at its end: take another "
            f"pruner, or an objective such as `{LIVE}loss`."
        )
        yield Problem(path="pruner", message=message)


def _typed(study: Study, one: Dimension, catalog: Catalog) -> Dimension:
    """The dimension, held against what its field takes. Raises SpecInvalid with its place in the space."""
    index = study.space.index(one)
    if sum(len(other.ends) for other in study.space) > MAX_CHECKED:
        raise SpecInvalid(
            [Problem(path="space", message=f"has more than {MAX_CHECKED} values to check: leave some out.")]
        )
    for place, value in enumerate(one.ends):
        found = _field_of(study, one, value, catalog, _path(index, one, place))
        if one.choice is None:
            if found.schema.get("type") not in ("integer", "number"):
                message = f"`{one.field}` holds no number: give `choice` instead of a range."
                raise SpecInvalid([Problem(path=f"space[{index}].field", message=message)])
            whole = found.schema["type"] == "integer"
            one = one.model_copy(update={"integer": whole})
    return one


def _field_of(study: Study, one: Dimension, value: Any, catalog: Catalog, path: str) -> SpecField:
    """The field in a trial in which it holds `value`."""
    try:
        spec = experiment.resolve(trial_spec(study, reaching(study.space, one, value), 0), catalog)
    except SpecInvalid as invalid:
        first = invalid.problems[0]
        message = first.message if first.path == one.field else f"`{first.path}` {first.message}"
        raise SpecInvalid([Problem(path=path, message=message)]) from None
    document = spec.model_dump(mode="json")
    return next(found for found in fields(document, experiment.outline(), catalog) if found.path == one.field)


def _path(index: int, one: Dimension, place: int) -> str:
    return f"space[{index}].choice[{place}]" if one.choice is not None else f"space[{index}].{('low', 'high')[place]}"


def _odd_size(study: Study, catalog: Catalog) -> Iterator[Problem]:
    points = size(study.space)
    if fact(catalog, "samplers", study.sampler, "grid"):
        if points is None:
            index = next(index for index, one in enumerate(study.space) if one.count is None)
            yield Problem(
                path=f"space[{index}].points", message="is missing: a grid needs to know how many values to take."
            )
        elif points > (most := study.budget.trials or MAX_TRIALS):
            message = f"has {points:,} points, more than {most:,} trials: take fewer values, or another sampler."
            yield Problem(path="space", message=message)
    elif study.budget == Budget():
        yield Problem(path="budget", message="is missing: say how many `trials`, `hours` or `joules` it may take.")


def fact(catalog: Catalog, family: str, value: Mapping[str, Any], name: str) -> Any:
    """A published fact of a component; None where it has none."""
    entry = catalog.find(family, value["kind"])
    return entry.facts.get(name) if entry else None
