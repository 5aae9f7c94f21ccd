"""Which measured model meets a constraint, or misses it by least."""

from collections.abc import Sequence
from heapq import nsmallest
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from backend.api.deps import Reading
from backend.api.measured import Point, points
from backend.api.schemas import TradeoffPoint, Tradeoffs
from backend.charts.front import front
from backend.charts.measures import Place
from backend.errors import Invalid
from backend.spec.constraints import Constraint, ConstraintWrong, parse, shortfall
from backend.spec.measures import field_of, measure_of, shown
from backend.store import pages, runs, tables

router = APIRouter(tags=["tradeoffs"])

MAX_RUNS = 2000
MAX_POINTS = 2000  # in one answer; what is asked is asked of all
NEAREST = 3
RunList = Annotated[str, Query(max_length=4000, description="Ids of runs, comma-separated; all when empty.")]
NameList = Annotated[str, Query(max_length=200, description="Names, comma-separated; all when empty.")]


@router.get("/api/tradeoffs")
def tradeoffs(
    session: Reading,
    where: Annotated[str, Query(max_length=1000, description="Such as `accuracy >= 93% and p95_ms@1 <= 2ms`.")] = "",
    minimize: Annotated[str, Query(max_length=60, description="What the best has least of.")] = "bytes",
    runs: RunList = "",
    formats: NameList = "",
    devices: NameList = "",
) -> Tradeoffs:
    """Every measured model, which of them meet the constraint, and the answer in words."""
    goal = field_of(minimize.strip().lower())
    if goal is None:
        raise Invalid(f"`minimize` names `{minimize[:40]}`, which is not measured.", path="minimize")
    constraint = asked(where)
    every = list(points(session, chosen_runs(session, run_ids(runs))))
    found = [point for point in every if _wanted(point.place, names(formats), names(devices))]
    mark_front(found, goal)
    told = answer(found, constraint, goal)
    known = {point.place.exporter for point in every}, {name for point in every for name in point.place.devices}
    return told.model_copy(update={"formats": sorted(known[0]), "devices": sorted(known[1])})


def names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _wanted(place: Place, formats: Sequence[str], devices: Sequence[str]) -> bool:
    """Whether it has one of these formats and was timed on one of these devices; where none is named, any will do."""
    return (not formats or place.exporter in formats) and (not devices or bool(set(devices) & set(place.devices)))


def asked(where: str) -> Constraint | None:
    """What a model must meet. Raises Invalid."""
    try:
        return parse(where)
    except ConstraintWrong as error:
        raise Invalid(f"The constraint {error}", path="where") from error


def run_ids(text: str) -> list[str] | None:
    return [name for name in text.split(",") if name] or None


def chosen_runs(session: Session, wanted: Sequence[str] | None) -> list[tables.Run]:
    """The named runs as far as they exist; the newest without any names."""
    if wanted is None:
        return pages.page(session, limit=MAX_RUNS)[0]
    return [run for run in (runs.get(session, run_id) for run_id in wanted[:MAX_RUNS]) if run is not None]


def _row(point: Point) -> TradeoffPoint:
    run, place = point.run, point.place
    return TradeoffPoint(
        run_id=run.id,
        run_name=run.experiment.name,
        seed=run.seed,
        stage=place.stage,
        label=place.label,
        exporter=place.exporter,
        artifact=place.artifact,
        runtime=place.runtime,
        devices=list(place.devices),
        values=dict(place.values),
        front=point.front,
    )


def mark_front(found: Sequence[Point], goal: str) -> None:
    """Set `front` where no other point is at least as good in accuracy and in `goal`, and better in one of them."""
    having = [point for point in found if goal in point.values]
    best = front([_cost(point, goal) for point in having], [point.values["accuracy"] for point in having])
    for point, on_front in zip(having, best, strict=True):
        point.front = on_front


def _cost(point: Point, field: str) -> float:
    value = point.values.get(field, float("inf"))
    return -value if measure_of(field).larger_is_better else value


def answer(found: Sequence[Point], constraint: Constraint | None, goal: str) -> Tradeoffs:
    fields = sorted({name for point in found for name in point.values} | {"accuracy", "bytes"})
    units = {name: measure_of(name).unit for name in fields}
    able = [point for point in found if goal in point.values]
    meeting = [point for point in able if constraint is None or constraint.holds(point.values)]
    meeting.sort(key=lambda point: (_cost(point, goal), -point.values["accuracy"]))
    near: list[Point] = []
    if not able:
        sentence = "Nothing has been measured yet." if not found else f"No model has a measured `{goal}`."
    elif meeting:
        sentence = _best(meeting[0], goal, len(meeting), len(able), constraint)
    else:
        assert constraint is not None
        near = nsmallest(NEAREST, able, key=lambda point: (constraint.miss(point.values), _cost(point, goal)))
        sentence = f"None of {len(able)} measured models meets it. " + _nearest(near[0], constraint)
    shown = _shown(found, meeting, near)
    ids = {id(point) for point in shown}
    return Tradeoffs(
        points=[_row(point) for point in shown],
        total=len(found),
        qualifying=[point.place.artifact for point in meeting if id(point) in ids],
        nearest=[point.place.artifact for point in near],
        sentence=sentence,
        fields=units,
    )


def _shown(found: Sequence[Point], meeting: Sequence[Point], near: Sequence[Point]) -> Sequence[Point]:
    """All of them, or of too many the front, the best and the nearest, and an even choice of the others, in order."""
    if len(found) <= MAX_POINTS:
        return found
    first = [*near, *meeting[: MAX_POINTS // 4], *(point for point in found if point.front)][: MAX_POINTS // 2]
    kept = {id(point) for point in first}
    kept |= {id(point) for point in found[:: -(-2 * len(found) // MAX_POINTS)]}
    return [point for point in found if id(point) in kept]


def _best(point: Point, goal: str, number: int, total: int, constraint: Constraint | None) -> str:
    meets = "were measured" if constraint is None else f"of {total} measured models meet it"
    if number == 1:
        meets = "was measured" if constraint is None else f"of {total} measured models meets it"
    what = ("models " if number > 1 else "model ") if constraint is None else ""
    most = "most" if measure_of(goal).larger_is_better else "least"
    return (
        f"{number} {what}{meets}. The one with {most} `{goal}` is {_called(point)}: "
        f"{shown(goal, point.values[goal])} at an accuracy of {shown('accuracy', point.values['accuracy'])}."
    )


def _nearest(point: Point, constraint: Constraint) -> str:
    return f"The nearest is {_called(point)}: {shortfall(constraint, point.values)}."


def _called(point: Point) -> str:
    run, place = point.run, point.place
    return f"“{run.experiment.name}”, seed {run.seed}, after {place.label} ({place.exporter.replace('_', ' ')})"
