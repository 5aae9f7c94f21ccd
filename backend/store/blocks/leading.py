"""Elects one of several servers to compact. If two of them compact at once, only time is lost."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.store.blocks.tables import Compactor

ONLY = 1


def beat(session: Session, holder: str, stale: int | None) -> tuple[bool, int]:
    """Compact for one more turn; or take that over, from nobody or from one whose counter still stands at `stale`.

    Returns whether it is the holder's, and the counter.
    """
    row = session.scalar(select(Compactor).where(Compactor.id == ONLY).with_for_update())
    if row is None:
        row = Compactor(id=ONLY, holder=None, beat=0)
        session.add(row)
    if row.holder in (None, holder) or row.beat == stale:
        row.holder, row.beat = holder, row.beat + 1
    session.flush()
    return row.holder == holder, row.beat


def release(session: Session, holder: str) -> None:
    """Leave it to whoever comes next, without a wait."""
    session.execute(update(Compactor).where(Compactor.holder == holder).values(holder=None))
