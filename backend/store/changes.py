"""Finds the runs whose row changed since the last look, without reading the others.

Each write of a row leaves its number there (`Run.changed`). On SQLite, where one transaction writes at a time, these
numbers grow in the order in which the writes become visible. On PostgreSQL the number is that of the transaction, and
transactions become visible in any order: a look begins with the oldest one that had not ended at the look before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from backend.store.tables import Run


@dataclass(frozen=True)
class Poll:
    """Position of a poll: the next one begins with the number `mark`, and may see these rows again."""

    mark: int
    numbers: Mapping[str, int] = field(default_factory=dict)


def first(session: Session) -> Poll:
    """A look that finds nothing: what changes from here on is for the next one."""
    return Poll(_bounds(session)[0])


def since(session: Session, last: Poll) -> tuple[Poll, list[str]]:
    """The runs whose row is new or was written since the last look, in the order of their numbers."""
    oldest, future = _bounds(session)
    # Rows that were restored from another server may bear numbers that this one has not come to yet.
    query = select(Run.id, Run.changed).where(Run.changed >= last.mark, Run.changed < future).order_by(Run.changed)
    numbers = dict(session.execute(query).all())
    return Poll(oldest, numbers), [run_id for run_id, number in numbers.items() if last.numbers.get(run_id) != number]


def hand_on(session: Session, run_id: str) -> None:
    """Have the highest number stay in the table when this run, which may bear it, is deleted: numbers never go back."""
    heir = select(Run.id).where(Run.id != run_id).order_by(Run.changed.desc()).limit(1).scalar_subquery()
    session.execute(update(Run).where(Run.id == heir).values(epoch=Run.epoch))


def _bounds(session: Session) -> tuple[int, int]:
    """The number of the oldest write that this transaction does not see, and the lowest that nobody has got yet."""
    if session.connection().dialect.name != "postgresql":
        following = (session.scalar(select(func.max(Run.changed))) or 0) + 1
        return following, following
    snapshot = "pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text"
    oldest, future = session.execute(text(f"SELECT {snapshot}")).one()
    return int(oldest), int(future)
