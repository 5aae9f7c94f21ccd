"""Finds the measured models that meet a constraint, or the nearest miss."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from backend.api.caches.artifacts import artifacts
from backend.api.deps import Reading
from backend.api.schemas.tradeoffs import Tradeoffs
from backend.api.views.tradeoffs import Answer
from backend.charts.artifacts import Artifacts
from backend.charts.choice import choose
from backend.charts.data import Options
from backend.charts.scope import ANY, Scope, within
from backend.charts.tasks import Task, find_task, tasks
from backend.domain.constraint_tree import Constraint, named
from backend.domain.constraints import ConstraintWrong, parse
from backend.domain.measures import field_of
from backend.errors import Invalid
from backend.store import uploads

router = APIRouter(tags=["tradeoffs"])

MAX_RUNS = 2000
RunList = Annotated[str, Query(max_length=4000, description="Ids of runs, comma-separated; all when empty.")]
NameList = Annotated[str, Query(max_length=200, description="Names, comma-separated; all when empty.")]
Where = Annotated[
    str,
    Query(
        max_length=1000,
        description="Such as `accuracy >= 93% and p95_ms@1 <= 2ms`; also `dataset`, `model`, `machine`, `format` == or != a name.",
    ),
]
DatasetName = Annotated[
    str,
    Query(
        max_length=100,
        description="Data set on which models are compared: its kind, a key of an answer's `datasets`, or the id of "
        "an upload, or `any`; by default that of the newest run, and any where the constraint names data sets.",
    ),
]
MachineName = Annotated[
    str,
    Query(
        max_length=200,
        description="Machine that timed the models, one of an answer's `machines`, or `any`; by default that of the newest "
        "run, and any where the constraint names machines.",
    ),
]
Minimize = Annotated[
    str, Query(max_length=60, description="Measure of which the best model has the least; by default the cost.")
]
Cost = Annotated[str, Query(max_length=60, description="Measure on the other axis of the chart, against quality.")]
Quality = Annotated[
    Literal["", "accuracy", "r2", "mae", "loss"],
    Query(description="Measure of quality; by default the first of accuracy, r2, mae and loss that was measured."),
]


@router.get("/api/tradeoffs", response_model=Tradeoffs)
def tradeoffs(
    session: Reading,
    dataset: DatasetName = "",
    machine: MachineName = "",
    where: Where = "",
    minimize: Minimize = "",
    cost: Cost = "bytes",
    quality: Quality = "",
    runs: RunList = "",
    models: NameList = "",
    formats: NameList = "",
    devices: NameList = "",
) -> Response:
    """Measured models of one data set that one machine timed, which of them meet the constraint, and the answer in words."""
    options = parse_question(
        where=where, minimize=minimize, cost=cost, quality=quality, formats=formats, devices=devices
    )
    scope = find_scope(session, artifacts(session, run_ids(runs), MAX_RUNS), options, Names(dataset, machine, models))
    return Response(_answered(scope), media_type="application/json")


@lru_cache(maxsize=8)
def _answered(scope: Scope) -> str:
    """Cached until something else is measured, see `artifacts`."""
    return Answer(scope, choose(scope.found, scope.options)).to_response().model_dump_json()


@dataclass(frozen=True)
class Names:
    """Names in a question of what it compares; `models` are kinds, comma-separated."""

    dataset: str = ""
    machine: str = ""
    models: str = ""


DEFAULT = Names()


def find_scope(session: Session, every: Artifacts, options: Options, asked: Names) -> Scope:
    """Finds the scope of a question: by default models of the newest run's data set that its machine timed. Raises Invalid."""
    known, free, models = tasks(every), named(options.where), names(asked.models)
    ids = [value for one in known for value in one.spec.values() if isinstance(value, str)]
    uploaded = uploads.names(session, ids)
    dataset = ANY if "dataset" in free and not asked.dataset else _dataset(known, asked.dataset)
    alike = within(every, dataset, models=models)
    machine = ANY if "machine" in free and not asked.machine else _machine(alike.machines, asked.machine)
    found = within(every, dataset, machine, models)
    return Scope(
        found=found,
        options=replace(options, uploads=tuple(uploaded.items()) if free else ()),
        dataset=dataset if known else "",
        machine=machine,
        titles=tuple((one.key, one.title(uploaded)) for one in known),
        machines=tuple(alike.machines),
        models=tuple(within(every, dataset).models),
        elsewhere=len(alike) - len(found),
    )


def _dataset(known: Sequence[Task], name: str) -> str:
    """Key of the data set that is asked about, the newest run's without a name."""
    if name == ANY or not known:
        return ANY
    if (chosen := find_task(known, name)) is None:
        keys = ", ".join(f"`{one.key}`" for one in known[:20])
        raise Invalid(
            f"No model was measured on the data set `{name[:60]}` of `dataset`; known: {keys}.", path="dataset"
        )
    return chosen.key


def _machine(known: Sequence[str], name: str) -> str:
    """The machine that is asked about, the newest run's without a name."""
    if name == ANY or not known:
        return ANY
    chosen = next((one for one in known if not name or one.lower() == name.lower()), None)
    if chosen is None:
        listed = ", ".join(f"`{one}`" for one in known[:20])
        raise Invalid(f"No model was timed on the machine `{name[:60]}` of `machine`; known: {listed}.", path="machine")
    return chosen


def names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def run_ids(text: str) -> list[str] | None:
    return [name for name in text.split(",") if name] or None


def parse_question(*, where: str, minimize: str, cost: str, quality: str, formats: str, devices: str) -> Options:
    """Parses the question that both the answer and its chart get. Raises Invalid."""
    weighed = _field(cost, "cost")
    return Options(
        cost=weighed,
        quality=quality,
        minimize=_field(minimize, "minimize") if minimize.strip() else weighed,
        where=_constraint(where),
        formats=names(formats),
        devices=names(devices),
    )


def _field(name: str, path: str) -> str:
    field = field_of(name.strip().lower())
    if field is None:
        raise Invalid(f"`{path}` names `{name[:40]}`, which is not a measure.", path=path)
    return field


def _constraint(where: str) -> Constraint | None:
    try:
        return parse(where, names=True)
    except ConstraintWrong as error:
        raise Invalid(f"The constraint {error}", path="where") from error
