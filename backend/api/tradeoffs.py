"""Finds the measured models that meet a constraint, or the nearest miss."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from backend.api.caches.artifacts import artifacts
from backend.api.deps import Reading
from backend.api.schemas.tradeoffs import Tradeoffs
from backend.api.views.tradeoffs import Answer
from backend.charts.artifacts import Artifacts
from backend.charts.choice import choose
from backend.charts.data import Options
from backend.charts.tasks import Task, find_task, tasks, within
from backend.domain.constraints import Constraint, ConstraintWrong, parse
from backend.domain.measures import field_of
from backend.errors import Invalid
from backend.store import uploads

router = APIRouter(tags=["tradeoffs"])

MAX_RUNS = 2000
RunList = Annotated[str, Query(max_length=4000, description="Ids of runs, comma-separated; all when empty.")]
NameList = Annotated[str, Query(max_length=200, description="Names, comma-separated; all when empty.")]
Where = Annotated[str, Query(max_length=1000, description="Such as `accuracy >= 93% and p95_ms@1 <= 2ms`.")]
DatasetName = Annotated[
    str,
    Query(
        max_length=100,
        description="Data set on which models are compared: its kind, a key of an answer's `datasets`, or the id of "
        "an upload; by default that of the newest run.",
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
    where: Where = "",
    minimize: Minimize = "",
    cost: Cost = "bytes",
    quality: Quality = "",
    runs: RunList = "",
    formats: NameList = "",
    devices: NameList = "",
) -> Response:
    """Every measured model of one data set, which of them meet the constraint, and the answer in words."""
    found = artifacts(session, run_ids(runs), MAX_RUNS)
    options = parse_question(
        where=where, minimize=minimize, cost=cost, quality=quality, formats=formats, devices=devices
    )
    known = tasks(found)
    chosen = chosen_task(known, dataset)
    names = uploads.names(session, [value for one in known for value in one.spec.values() if isinstance(value, str)])
    titles = tuple((one.key, one.title(names)) for one in known)
    mine = within(found, chosen.key) if chosen else found
    return Response(_answered(mine, options, chosen.key if chosen else "", titles), media_type="application/json")


@lru_cache(maxsize=8)
def _answered(found: Artifacts, options: Options, dataset: str, titles: tuple[tuple[str, str], ...]) -> str:
    """Cached until something else is measured, see `artifacts`."""
    return Answer(found, choose(found, options), options.where, dataset, dict(titles)).to_response().model_dump_json()


def chosen_task(known: Sequence[Task], name: str) -> Task | None:
    """The data set that is asked about; None when nothing was measured. Raises Invalid when `name` means none of them."""
    if (chosen := find_task(known, name)) is None and known:
        keys = ", ".join(f"`{one.key}`" for one in known[:20])
        raise Invalid(
            f"No model was measured on the data set `{name[:60]}` of `dataset`; known: {keys}.", path="dataset"
        )
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
        return parse(where)
    except ConstraintWrong as error:
        raise Invalid(f"The constraint {error}", path="where") from error
