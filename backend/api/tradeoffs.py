"""Which measured model meets a constraint, or misses it by least."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from backend.api.deps import Reading
from backend.api.schemas import TradeoffPoint, Tradeoffs
from backend.charts.front import front
from backend.charts.measures import Place, places
from backend.errors import Invalid
from backend.spec.constraints import Constraint, ConstraintWrong, parse, shortfall
from backend.spec.measures import field_of, measure_of, shown
from backend.store import pages, results, runs, tables

router = APIRouter(tags=["tradeoffs"])

MAX_RUNS = 2000
NEAREST = 3
RunList = Annotated[str, Query(max_length=4000, description="Ids of runs, comma-separated; all when empty.")]


@router.get("/api/tradeoffs")
def tradeoffs(
    session: Reading,
    where: Annotated[str, Query(max_length=1000, description="Such as `accuracy >= 93% and p95_ms@1 <= 2ms`.")] = "",
    minimize: Annotated[str, Query(max_length=60, description="What the best has least of.")] = "bytes",
    runs: RunList = "",
) -> Tradeoffs:
    """Every measured model, which of them meet the constraint, and the answer in words."""
    goal = field_of(minimize.strip().lower())
    if goal is None:
        raise Invalid(f"`minimize` names `{minimize[:40]}`, which is not measured.", path="minimize")
    constraint = asked(where)
    found = list(points(session, run_ids(runs)))
    mark_front(found, goal)
    return answer(found, constraint, goal)


def asked(where: str) -> Constraint | None:
    """What a model must meet. Raises Invalid."""
    try:
        return parse(where)
    except ConstraintWrong as error:
        raise Invalid(f"The constraint {error}", path="where") from error


def run_ids(text: str) -> list[str] | None:
    return [name for name in text.split(",") if name] or None


def points(session: Session, wanted: Sequence[str] | None) -> Iterator[TradeoffPoint]:
    """One point for each artifact that a runtime loaded and ran."""
    chosen = chosen_runs(session, wanted)
    measured = results.of(session, [run.id for run in chosen])
    for run in chosen:
        yield from (_point(run, place) for place in places(measured[run.id]))


def chosen_runs(session: Session, wanted: Sequence[str] | None) -> list[tables.Run]:
    """The named runs as far as they exist; the newest without any names."""
    if wanted is None:
        return pages.page(session, limit=MAX_RUNS)[0]
    return [run for run in (runs.get(session, run_id) for run_id in wanted[:MAX_RUNS]) if run is not None]


def _point(run: tables.Run, place: Place) -> TradeoffPoint:
    return TradeoffPoint(
        run_id=run.id,
        run_name=run.experiment.name,
        seed=run.seed,
        stage=place.stage,
        label=place.label,
        exporter=place.exporter,
        artifact=place.artifact,
        values=dict(place.values),
        front=False,
    )


def mark_front(found: Sequence[TradeoffPoint], goal: str) -> None:
    """Set `front` where no other point is at least as good in accuracy and in `goal`, and better in one of them."""
    having = [point for point in found if goal in point.values]
    best = front([_cost(point, goal) for point in having], [point.values["accuracy"] for point in having])
    for point, on_front in zip(having, best, strict=True):
        point.front = on_front


def _cost(point: TradeoffPoint, field: str) -> float:
    value = point.values.get(field, float("inf"))
    return -value if measure_of(field).larger_is_better else value


def answer(found: list[TradeoffPoint], constraint: Constraint | None, goal: str) -> Tradeoffs:
    fields = sorted({name for point in found for name in point.values} | {"accuracy", "bytes"})
    units = {name: measure_of(name).unit for name in fields}
    able = [point for point in found if goal in point.values]
    if not able:
        unmeasured = "Nothing has been measured yet." if not found else f"No model has a measured `{goal}`."
        return Tradeoffs(points=found, qualifying=[], sentence=unmeasured, fields=units)
    meeting = [point for point in able if constraint is None or constraint.holds(point.values)]
    meeting.sort(key=lambda point: (_cost(point, goal), -point.values["accuracy"]))
    ids = [point.artifact for point in meeting]
    if meeting:
        sentence = _best(meeting[0], goal, len(meeting), len(able), constraint)
        return Tradeoffs(points=found, qualifying=ids, sentence=sentence, fields=units)
    assert constraint is not None
    near = sorted(able, key=lambda point: (constraint.miss(point.values), _cost(point, goal)))[:NEAREST]
    sentence = f"None of {len(able)} measured models meets it. " + _nearest(near[0], constraint)
    return Tradeoffs(
        points=found, qualifying=[], nearest=[point.artifact for point in near], sentence=sentence, fields=units
    )


def _best(point: TradeoffPoint, goal: str, number: int, total: int, constraint: Constraint | None) -> str:
    meets = "were measured" if constraint is None else f"of {total} measured models meet it"
    if number == 1:
        meets = "was measured" if constraint is None else f"of {total} measured models meets it"
    what = ("models " if number > 1 else "model ") if constraint is None else ""
    most = "most" if measure_of(goal).larger_is_better else "least"
    return (
        f"{number} {what}{meets}. The one with {most} `{goal}` is {_called(point)}: "
        f"{shown(goal, point.values[goal])} at an accuracy of {shown('accuracy', point.values['accuracy'])}."
    )


def _nearest(point: TradeoffPoint, constraint: Constraint) -> str:
    return f"The nearest is {_called(point)}: {shortfall(constraint, point.values)}."


def _called(point: TradeoffPoint) -> str:
    return f"“{point.run_name}”, seed {point.seed}, after {point.label} ({point.exporter})"
