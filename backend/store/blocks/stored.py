"""Blocks as the database holds them."""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import ColumnElement, Delete, delete, func, or_, select
from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind
from backend.store.blocks import pyramid, tables
from backend.store.blocks.block import Block, Compacted
from backend.store.blocks.format import decode_column, decode_directory
from backend.store.blocks.packing import unpack
from backend.store.blocks.pyramid import Level
from backend.store.tables import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REMEMBERED = 2  # blocks that stay unpacked for those who follow events through them


@dataclass(frozen=True)
class Extent:
    """A block, by what is known of it without reading its numbers."""

    first_seq: int
    last_seq: int
    events: int
    size: int  # bytes of its numbers, before they were packed
    first_step: int
    last_step: int


def extents(session: Session, run_id: str, after: int = 0, until: int | None = None) -> list[Extent]:
    """The blocks that hold events beyond `after` and up to `until`, in order."""
    own = tables.Block
    query = select(own.first_seq, own.last_seq, own.events, own.size, own.first_step, own.last_step)
    query = query.where(own.run_id == run_id, own.last_seq > after).order_by(own.first_seq)
    rows = session.execute(query if until is None else query.where(own.first_seq <= until))
    return [Extent(*row) for row in rows]


def find_covered(session: Session, run_ids: Collection[str]) -> dict[str, int]:
    """The last event that is in a block, of each of the runs that have one: all points up to it are."""
    query = select(tables.Block.run_id, func.max(tables.Block.last_seq)).where(tables.Block.run_id.in_(run_ids))
    return {run_id: int(seq) for run_id, seq in session.execute(query.group_by(tables.Block.run_id))}


def load(session: Session, run_id: str, extent: Extent, metrics: Collection[str] | None = None) -> Block:
    """The block with these metrics, or with all. `name/*` stands for all that begin so."""
    row = session.get_one(tables.Block, (run_id, extent.first_seq, extent.last_seq))
    query = select(tables.Column.name, tables.Column.data).where(*_of(run_id, [extent]), _named(metrics))
    found = {name: decode_column(data) for name, data in session.execute(query)}
    directory = decode_directory(row.directory, row.first_seq)
    columns = {name: found[name] for layout in directory.layouts for name, _ in layout.columns if name in found}
    return Block(directory, unpack(row.sparse, "<i8"), unpack(row.offsets, "<f4"), columns)


def sizes(session: Session, run_id: str, within: Collection[Extent], metrics: Collection[str] | None) -> dict[str, int]:
    """Number of points of each metric in these blocks."""
    query = select(tables.Column.name, func.sum(tables.Column.points)).where(*_of(run_id, within), _named(metrics))
    return {name: int(points) for name, points in session.execute(query.group_by(tables.Column.name))}


def levels(
    session: Session, run_id: str, within: Collection[Extent], name: str, coarse: bool
) -> Iterator[tuple[int, int, Level]]:
    """Of each of these blocks that has the metric: its last `seq`, how many points it has, and the level."""
    blob = tables.Column.coarse if coarse else tables.Column.fine
    own = tables.Column
    query = select(own.last_seq, own.points, blob).where(*_of(run_id, within), own.name == name)
    wanted = {extent.last_seq for extent in within}
    for last_seq, points, packed in session.execute(query.order_by(own.first_seq)):
        if last_seq in wanted:
            yield last_seq, points, pyramid.decode(packed)


def names(session: Session, run_id: str, first_seq: int, last_seq: int) -> set[str]:
    """The metrics whose columns are there, of a block that need not count yet."""
    own = tables.Column
    query = select(own.name).where(own.run_id == run_id, own.first_seq == first_seq, own.last_seq == last_seq)
    return set(session.scalars(query))


def orphans(session: Session, run_id: str) -> list[tuple[str, int, int]]:
    """Name, first and last event of each column that is in no block."""
    own = tables.Column
    query = select(own.name, own.first_seq, own.last_seq).where(own.run_id == run_id, ~_in_a_block())
    return [(name, first, last) for name, first, last in session.execute(query)]


def _in_a_block() -> ColumnElement[bool]:
    own, block = tables.Column, tables.Block
    same = block.run_id == own.run_id, block.first_seq == own.first_seq, block.last_seq == own.last_seq
    return select(block.run_id).where(*same).exists()


def removal(run_id: str, name: str, first_seq: int, last_seq: int) -> Delete:
    """Deletes one column."""
    own = tables.Column
    key = own.run_id == run_id, own.name == name, own.first_seq == first_seq, own.last_seq == last_seq
    return delete(own).where(*key)


def retire(session: Session, run_id: str, extent: Extent) -> None:
    """Have the block count no more."""
    session.delete(session.get_one(tables.Block, (run_id, extent.first_seq, extent.last_seq)))


def _of(run_id: str, within: Collection[Extent]) -> tuple[ColumnElement[bool], ...]:
    """Columns between the first and the last of these blocks."""
    own = tables.Column
    first, last = min(one.first_seq for one in within), max(one.last_seq for one in within)
    return own.run_id == run_id, own.first_seq >= first, own.last_seq <= last, _in_a_block()


def _named(metrics: Collection[str] | None) -> ColumnElement[bool]:
    """The names themselves, and for `head/*` all that begin with the same head."""
    name = tables.Column.name
    if metrics is None:
        return name.is_not(None)
    heads = [metric.removesuffix("*") for metric in metrics if metric.endswith("/*")]
    return or_(name.in_(metrics), *(name.startswith(head, autoescape=True) for head in heads))


def events(session: Session, run_id: str, after: int, limit: int) -> list[Event]:
    """The first events of blocks beyond `after`, as they were, at most `limit`."""
    found: list[Event] = []
    for extent in extents(session, run_id, after):
        block = _remembered(session, run_id, extent)
        found += [_event(run_id, event) for event in block.events(after, limit - len(found))]
        if len(found) >= limit:
            break
    return found


def _event(run_id: str, event: Compacted) -> Event:
    at = EPOCH + timedelta(microseconds=event.at)
    return Event(run_id=run_id, seq=event.seq, kind=EventKind.POINTS.value, at=at, body=event.body, chunk=event.chunk)


_blocks: OrderedDict[tuple[str, Extent], Block] = OrderedDict()
_lock = Lock()


def _remembered(session: Session, run_id: str, extent: Extent) -> Block:
    """The whole block. Whoever follows a run from its beginning asks for the same one many times."""
    with _lock:
        block = _blocks.pop((run_id, extent), None)
    if block is None:
        block = load(session, run_id, extent)
    with _lock:
        _blocks[run_id, extent] = block
        while len(_blocks) > REMEMBERED:
            _blocks.popitem(last=False)
    return block


def microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)
