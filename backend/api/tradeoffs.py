"""Which measured model meets a constraint, or misses it by least."""

from functools import lru_cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from backend.api.deps import Reading
from backend.api.measured import artifacts
from backend.api.schemas import TradeoffPoint, Tradeoffs
from backend.charts.artifacts import Artifacts
from backend.charts.choice import Choice, choose
from backend.charts.data import Options
from backend.errors import Invalid
from backend.spec.constraints import Constraint, ConstraintWrong, parse, shortfall
from backend.spec.measures import QUALITIES, field_of, measure_of, shown

router = APIRouter(tags=["tradeoffs"])

MAX_RUNS = 2000
RunList = Annotated[str, Query(max_length=4000, description="Ids of runs, comma-separated; all when empty.")]
NameList = Annotated[str, Query(max_length=200, description="Names, comma-separated; all when empty.")]
Where = Annotated[str, Query(max_length=1000, description="Such as `accuracy >= 93% and p95_ms@1 <= 2ms`.")]
Minimize = Annotated[str, Query(max_length=60, description="What the best has least of; the cost when empty.")]
Cost = Annotated[str, Query(max_length=60, description="What the chart weighs quality against.")]
Quality = Annotated[
    Literal["", "accuracy", "r2", "mae", "loss"],
    Query(description="How well a model does: the first of accuracy, r2, mae, loss that was measured when empty."),
]


@router.get("/api/tradeoffs", response_model=Tradeoffs)
def tradeoffs(
    session: Reading,
    where: Where = "",
    minimize: Minimize = "",
    cost: Cost = "bytes",
    quality: Quality = "",
    runs: RunList = "",
    formats: NameList = "",
    devices: NameList = "",
) -> Response:
    """Every measured model, which of them meet the constraint, and the answer in words."""
    found = artifacts(session, run_ids(runs), MAX_RUNS)
    options = asked(where=where, minimize=minimize, cost=cost, quality=quality, formats=formats, devices=devices)
    return Response(_answered(found, options), media_type="application/json")


@lru_cache(maxsize=8)
def _answered(found: Artifacts, options: Options) -> str:
    """Remembered for as long as nothing else was measured, see `artifacts`."""
    return answer(found, choose(found, options), options.where).model_dump_json()


def names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def run_ids(text: str) -> list[str] | None:
    return [name for name in text.split(",") if name] or None


def asked(*, where: str, minimize: str, cost: str, quality: str, formats: str, devices: str) -> Options:
    """What both the answer and its chart are asked. Raises Invalid."""
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
        raise Invalid(f"`{path}` names `{name[:40]}`, which is not measured.", path=path)
    return field


def _constraint(where: str) -> Constraint | None:
    try:
        return parse(where)
    except ConstraintWrong as error:
        raise Invalid(f"The constraint {error}", path="where") from error


def answer(found: Artifacts, choice: Choice, constraint: Constraint | None) -> Tradeoffs:
    places, files = choice.shown.tolist(), found.files
    shown = set(places)
    return Tradeoffs(
        points=[_row(found, choice, *one) for one in zip(places, found.values(places), strict=True)],
        total=len(choice.asked),
        qualifying=[files[index].artifact for index in choice.meeting.tolist() if index in shown],
        nearest=[files[index].artifact for index in choice.near.tolist()],
        sentence=_sentence(found, choice, constraint),
        fields={name: measure_of(name).unit for name in sorted({*found.measured, choice.quality, "bytes"})},
        quality=choice.quality,
        qualities=[name for name in QUALITIES if name in found.measured] or [choice.quality],
        formats=found.formats,
        devices=found.devices,
    )


def _row(found: Artifacts, choice: Choice, index: int, values: dict[str, float]) -> TradeoffPoint:
    run, file = found.run(index), found.files[index]
    return TradeoffPoint(
        run_id=run.id,
        run_name=run.name,
        seed=run.seed,
        stage=file.stage,
        label=file.label,
        exporter=file.exporter,
        artifact=file.artifact,
        runtime=file.runtime,
        devices=list(file.devices),
        values=values,
        front=bool(choice.front[index]),
    )


def _sentence(found: Artifacts, choice: Choice, constraint: Constraint | None) -> str:
    if not len(choice.asked):
        return "Nothing has been measured yet."
    if not len(choice.able):
        return f"No model has a measured `{choice.goal}`."
    if len(choice.meeting):
        return _best(found, choice, constraint)
    assert constraint is not None
    index = int(choice.near[0])
    (values,) = found.values([index])
    missed = f"{_called(found, index)}: {shortfall(constraint, values)}."
    return f"None of {len(choice.able)} measured models meets it. The nearest is {missed}"


def _best(found: Artifacts, choice: Choice, constraint: Constraint | None) -> str:
    index, number, total = int(choice.meeting[0]), len(choice.meeting), len(choice.able)
    meets = "were measured" if constraint is None else f"of {total} measured models meet it"
    if number == 1:
        meets = "was measured" if constraint is None else f"of {total} measured models meets it"
    what = ("models " if number > 1 else "model ") if constraint is None else ""
    most = "most" if measure_of(choice.goal).larger_is_better else "least"
    (values,) = found.values([index])
    return (
        f"{number} {what}{meets}. The one with {most} `{choice.goal}` is {_called(found, index)}: "
        f"{shown(choice.goal, values[choice.goal])} at {QUALITIES[choice.quality]} of "
        f"{shown(choice.quality, values[choice.quality])}."
    )


def _called(found: Artifacts, index: int) -> str:
    run, file = found.run(index), found.files[index]
    return f"“{run.name}”, seed {run.seed}, after {file.label} ({file.exporter.replace('_', ' ')})"
