"""Queries over many trials: counting, summing, sorting and paging happen in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, select
from sqlalchemy.orm import Session

from backend.domain.run.states import JOULES
from backend.domain.study.space import Assignment
from backend.domain.study.study import TrialState
from backend.store import tables
from backend.store.tables import Run, Trial

Sort = Literal["number", "value", "seconds"]

_complete = Trial.state == TrialState.COMPLETE
_worth = case((_complete, Trial.values[0].as_float()))  # the first objective; NULL of what is not complete


@dataclass(frozen=True, slots=True)
class Attempt:
    """A trial as charts need it: ten thousand of them are read at once."""

    number: int
    state: TrialState
    assignment: Assignment
    values: list[float]
    violation: float
    began: datetime | None
    ended: datetime | None


def attempts(session: Session, study_id: str, since: int = 0) -> list[Attempt]:
    """Every trial from number `since` on."""
    of = tables.table(Trial).c
    query = select(of.number, of.state, of.assignment, of["values"], of.violation, of.began_at, of.ended_at)
    query = query.where(of.study_id == study_id, of.number >= since)
    return [Attempt(*row) for row in session.execute(query.order_by(of.number))]


def page(
    session: Session, study_id: str, sort: Sort, *, rising: bool, descending: bool, offset: int, limit: int
) -> tuple[list[Trial], int]:
    """Trials in order, and how many there are in all: by number, by the time they took, or by the first objective, the best
    at the top when `descending`, and at the end what is not complete."""
    mine = Trial.study_id == study_id
    order: dict[Sort, list[ColumnElement[Any]]] = {
        "number": [_directed(Trial.number, descending)],
        "seconds": [_directed(Trial.seconds, descending)],
        "value": [case((_complete, 0), else_=1).asc(), _directed(_worth, descending == rising)],
    }
    query = select(Trial).where(mine).order_by(*order[sort], Trial.number).offset(offset).limit(limit)
    total = session.scalar(select(func.count()).select_from(Trial).where(mine)) or 0
    return list(session.scalars(query)), total


def best(session: Session, study_id: str, rising: bool) -> Trial | None:
    """The complete trial with the best first objective that meets the constraint; of equals the first."""
    query = select(Trial).where(Trial.study_id == study_id, _complete, Trial.violation <= 0)
    return session.scalar(query.order_by(_directed(_worth, rising), Trial.number).limit(1))


def _directed(by: SQLColumnExpression[Any], descending: bool) -> ColumnElement[Any]:
    return by.desc() if descending else by.asc()


def counts(session: Session, study_ids: Sequence[str]) -> dict[str, dict[TrialState, int]]:
    query = select(Trial.study_id, Trial.state, func.count()).where(Trial.study_id.in_(study_ids))
    found: dict[str, dict[TrialState, int]] = {study_id: {} for study_id in study_ids}
    for study_id, state, count in session.execute(query.group_by(Trial.study_id, Trial.state)):
        found[study_id][state] = count
    return found


@dataclass(frozen=True)
class Spent:
    """Used budget of a study: trials that were begun, hours that runs were at work, joules."""

    trials: int
    hours: float
    joules: float


def sum_spent(session: Session, study_id: str) -> Spent:
    """A trial's run knows better what it took, for as long as it is there."""
    seconds = func.sum(_larger(Trial.seconds, Run.active_seconds))
    joules = func.sum(_larger(Trial.joules, Run.latest[JOULES].as_float()))
    query = select(func.count(), seconds, joules).select_from(Trial).join(Run, Run.id == Trial.run_id, isouter=True)
    began = Trial.study_id == study_id, Trial.state != TrialState.WAITING
    number, took, used = session.execute(query.where(*began)).one()
    return Spent(number, (took or 0.0) / 3600, used or 0.0)


def _larger(kept: SQLColumnExpression[Any], known: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    one, other = func.coalesce(kept, 0.0), func.coalesce(known, 0.0)
    return case((other > one, other), else_=one)
