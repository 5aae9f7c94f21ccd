"""Runs page by page: filtered, sorted, with a cursor that stays right while runs are added."""

import base64
import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import InstrumentedAttribute

from backend.domain import input_limits as plain
from backend.domain.input_limits import UNWRITABLE
from backend.domain.run.states import RunState
from backend.store.tables import Experiment, Run

NO_STUDY = "none"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What stands in for NULL, so that a missing value has a place in the order.
SORTS: dict[str, tuple[InstrumentedAttribute[Any], Any]] = {
    "created_at": (Run.created_at, EPOCH),
    "started_at": (Run.started_at, EPOCH),
    "finished_at": (Run.finished_at, EPOCH),
    "name": (Experiment.name, ""),
    "state": (Run.state, ""),
    "seed": (Run.seed, 0),
    "step": (Run.step, 0),
    "active_seconds": (Run.active_seconds, 0.0),
}


class PageInvalid(ValueError):
    """An unknown sort or a damaged cursor."""


def page(
    session: Session,
    *,
    states: Collection[RunState] = (),
    search: str = "",
    group: str = "",
    counterfactuals_of: str = "",
    study: str = "",
    sort: str = "created_at",
    descending: bool = True,
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[Run], str | None]:
    """One page of runs and the cursor of the next; None on the last page.

    `states` keeps those states (all when empty), `search` those whose name holds the text or whose id begins with
    it, `group` those that were submitted together, `study` the trials of a study, or with `NO_STUDY` what is no trial.
    Counterfactual runs are left out, but for `counterfactuals_of`: those of that run alone. Raises PageInvalid in one sentence when `sort` or
    `cursor` is not known.
    """
    key = _key(sort)
    if UNWRITABLE.search(search + group + counterfactuals_of + study):
        return [], None  # no stored name holds such a character, and PostgreSQL would refuse the question
    query = select(Run).join(Experiment, Run.experiment_id == Experiment.id)
    query = query.where(
        Run.counterfactual_of == counterfactuals_of if counterfactuals_of else Run.counterfactual_of.is_(None)
    )
    if states:
        query = query.where(Run.state.in_(states))
    if search:
        found = Experiment.name.icontains(search, autoescape=True)
        query = query.where(or_(found, Run.id.startswith(search, autoescape=True)))
    if group:
        query = query.where(Experiment.group_id == group)
    if study:
        query = query.where(Experiment.study_id.is_(None) if study == NO_STUDY else Experiment.study_id == study)
    if cursor is not None:
        query = query.where(_beyond(key, Run.id, _decode(cursor, sort), descending))
    order = [part.desc() if descending else part.asc() for part in (key, Run.id)]
    runs = list(session.scalars(query.order_by(*order).limit(limit + 1)))
    more = len(runs) > limit
    return runs[:limit], _encode(runs[limit - 1], sort) if more else None


def _key(sort: str) -> ColumnElement[Any]:
    if sort not in SORTS:
        raise PageInvalid(f"Runs cannot be sorted by {sort[:80]!r}; choose one of {', '.join(SORTS)}.")
    column, missing = SORTS[sort]
    return func.coalesce(column, missing, type_=String() if isinstance(missing, str) else column.type)


def _beyond(
    key: ColumnElement[Any], tie: InstrumentedAttribute[str], last: tuple[Any, str], descending: bool
) -> ColumnElement[bool]:
    value, run_id = last
    after = key < value if descending else key > value
    return or_(after, and_(key == value, tie < run_id if descending else tie > run_id))


def _encode(run: Run, sort: str) -> str:
    column, missing = SORTS[sort]
    value = getattr(run.experiment if column.class_ is Experiment else run, column.key)
    value = missing if value is None else value
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([sort, plain, run.id]).encode()).decode()


def _decode(cursor: str, sort: str) -> tuple[Any, str]:
    """The sort value and the id of the last run that was shown. A cursor is input: everything about it is checked."""
    try:
        name, value, run_id = json.loads(base64.b64decode(cursor.encode(), altchars=b"-_", validate=True))
        plain.check([name, value, run_id])
        value = _typed(value, SORTS[sort][1])
    except (ValueError, TypeError, RecursionError):
        name = value = run_id = None
    if name != sort or value is None or not isinstance(run_id, str):
        raise PageInvalid("The cursor does not belong to this list: leave it out to get the first page.")
    return value, run_id


def _typed(value: Any, like: Any) -> Any:
    """The value that a cursor holds, as its column has it; None when it is of another type."""
    if isinstance(like, datetime):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else None
    if isinstance(like, float) and isinstance(value, (int, float)):
        return float(value)
    return value if type(value) is type(like) else None
