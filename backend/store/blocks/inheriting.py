"""Copies blocks into a run that starts from another run's prefix."""

from sqlalchemy import ColumnElement, bindparam, insert, literal, select
from sqlalchemy.orm import Session

from backend.store.blocks import stored, tables
from backend.store.tables import Event, Table, table

ROWS = 200  # written by one statement


def copy(session: Session, parent: str, until: int, run_id: str, after: int) -> int:
    """Write the parent's compacted events up to `until` into the run, behind its event number `after`. Returns how many.

    Blocks are copied as they are, in the database itself; of the one that goes on beyond, the events are made again. The
    caller holds the parent's row: nothing is compacted meanwhile.
    """
    known = stored.extents(session, parent, until=until)
    whole = [extent for extent in known if extent.last_seq <= until]
    if whole:
        for model in (tables.Column, tables.Block):
            _copy(session, model, parent, whole[-1].last_seq, run_id, after)
    loose = _made_again(session, parent, known[len(whole) :], until)
    for begin in range(0, len(loose), ROWS):
        rows = [
            {
                "run_id": run_id,
                "seq": event.seq + after,
                "kind": event.kind,
                "at": event.at,
                "body": event.body,
                "chunk": event.chunk,
            }
            for event in loose[begin : begin + ROWS]
        ]
        session.connection().execute(insert(table(Event)).values(rows))
    return sum(extent.events for extent in whole) + len(loose)


def _copy(session: Session, model: type[Table], parent: str, last: int, run_id: str, after: int) -> None:
    own = table(model)
    changed: dict[str, ColumnElement[object]] = {"run_id": literal(run_id)}
    changed |= {name: own.c[name] + bindparam("after") for name in ("first_seq", "last_seq")}
    names = own.c.keys()
    rows = select(*(changed.get(name, own.c[name]) for name in names)).where(
        own.c.run_id == parent, own.c.last_seq <= last
    )
    session.connection().execute(insert(own).from_select(names, rows), {"after": after})


def _made_again(session: Session, parent: str, cut: list[stored.Extent], until: int) -> list[Event]:
    if not cut:
        return []
    (extent,) = cut
    return [
        event for event in stored.events(session, parent, extent.first_seq - 1, extent.events) if event.seq <= until
    ]
