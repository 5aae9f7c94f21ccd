"""Moves points of runs into blocks, a small step at a time.

    events ── gather ──▶ small blocks ── merge ──▶ full ones

Everything is read and packed outside of a write transaction. Then a block's columns are written, a few at a time; its
row, with which it begins to count and what it replaces ceases to; and what it replaced is deleted, a little at a time.
Whoever dies over it leaves columns without a row, or events that count no more: the next one uses or deletes them. What
a block holds depends on its first and its last event alone, so that two who make the same one harm nobody.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

from sqlalchemy import Delete, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind
from backend.domain.run.states import LIVE
from backend.store import run_events as rows
from backend.store.blocks import pyramid, stored, tables
from backend.store.blocks.block import Block, Compacted
from backend.store.blocks.format import encode_column, encode_directory
from backend.store.blocks.making import MOST_BYTES, MOST_EVENTS, Unfaithful, gather, merge
from backend.store.blocks.packing import pack
from backend.store.blocks.stored import Extent, microseconds
from backend.store.chunks import numbers
from backend.store.session import Store
from backend.store.tables import Event, Run, table
from backend.store.view import Rewinds

ENOUGH = 256  # events of a run that goes on which are worth a block
REST = 32  # events of a run that is over which are
FRESH = 128  # newest events of a run that goes on: whoever follows it still asks for them
BITE_BYTES = 1 << 18  # written in one transaction
BITE_ROWS = 128  # deleted in one transaction
LEAST_PAUSE = 0.005  # seconds between two transactions

Sleep = Callable[[float], object]


class Overtaken(Exception):
    """Someone else has changed the run's blocks meanwhile, or has deleted the run."""


@dataclass(frozen=True)
class Job:
    """A block to be written, and the blocks whose place it takes; those are none where it takes that of events."""

    run_id: str
    block: Block
    covered: int  # last event in a block before
    replaced: Sequence[Extent] = ()

    @property
    def key(self) -> dict[str, Any]:
        seq = self.block.directory.seq
        return {"run_id": self.run_id, "first_seq": int(seq[0]), "last_seq": int(seq[-1])}


def compact(store: Store, run_id: str, sleep: Sleep) -> bool:
    """Write the run's next block; False when none is due. `sleep` gives way to other writers, for so many seconds.

    Raises Overtaken, or Unfaithful.
    """
    with store.read() as session:
        job = next_job(session, run_id)
    if job is None:
        return False
    with store.read() as session:
        present = stored.names(session, **job.key)
    try:
        for bite in _bites(job, present):
            _paced(store, sleep, partial(_insert, bite=bite))
        _paced(store, sleep, partial(_publish, job=job))
    except IntegrityError as error:  # the run was deleted, or someone else has written a column
        raise Overtaken from error
    tidy(store, run_id, sleep)
    return True


def _paced(store: Store, sleep: Sleep, work: Callable[[Session], None]) -> None:
    """One small transaction; then others have as long as it took, or longer."""
    began = perf_counter()
    with store.begin() as session:
        work(session)
    sleep(max(perf_counter() - began, LEAST_PAUSE))


# ---- what is to be done


def candidates(session: Session, over: bool) -> dict[str, bool]:
    """The runs of which there may be something to compact, and whether each is over. With `over` those that are over too."""
    query = select(Run.id, Run.state).where(Run.last_seq >= REST)
    rows = session.execute(query if over else query.where(Run.state.in_(LIVE)))
    return {run_id: state.terminal for run_id, state in rows}


def next_job(session: Session, run_id: str) -> Job | None:
    """The run's next block; None when none is due. Raises Unfaithful."""
    run = session.get(Run, run_id)
    if run is None:
        return None
    known = stored.extents(session, run_id)
    covered = known[-1].last_seq if known else 0
    rewinds = Rewinds(session, run_id, run.last_seq)
    if events := _gathered(session, run, covered, rewinds):
        return Job(run_id, gather(events), covered)
    if group := mergeable(known, rewinds, run.state.terminal):
        return Job(run_id, merge([stored.load(session, run_id, extent) for extent in group]), covered, group)
    return None


def _gathered(session: Session, run: Run, covered: int, rewinds: Rewinds) -> list[Compacted]:
    """As many events as fit into a block, up to the next rewind; none while there are few."""
    over = run.state.terminal
    own = (
        Event.run_id == run.id, Event.kind == EventKind.POINTS.value,
        Event.seq > covered, Event.seq <= (run.last_seq if over else run.last_seq - FRESH),
    )  # fmt: skip
    enough = REST if over else ENOUGH
    if len(session.scalars(select(Event.seq).where(*own).order_by(Event.seq).limit(enough)).all()) < enough:
        return []
    query = select(Event.seq, Event.at, Event.body, Event.chunk).where(*own).order_by(Event.seq).limit(MOST_EVENTS)
    found: list[Compacted] = []
    size = 0
    with closing(session.execute(query.execution_options(yield_per=ENOUGH))) as events:
        for seq, at, body, chunk in events:
            if chunk is None:
                raise Unfaithful(f"event {seq}, which has no points")
            size += numbers(chunk)
            if found and (size > MOST_BYTES or rewinds.between(found[-1].seq, seq)):
                break
            found.append(Compacted(seq, microseconds(at), body, chunk))
    return found


def mergeable(known: Sequence[Extent], rewinds: Rewinds, over: bool) -> Sequence[Extent]:
    """Neighbours that fit into one block, and beside which nothing else will; none where there are none.

    So a point is written once more after it was gathered, and a second time at most when its run is over.
    """
    group: list[Extent] = []
    for extent in known:
        fits = sum(one.events for one in [*group, extent]) <= MOST_EVENTS
        fits = fits and sum(one.size for one in [*group, extent]) <= MOST_BYTES
        if group and (not fits or rewinds.between(group[-1].last_seq, extent.first_seq)):
            if len(group) > 1:
                return group
            group = []
        group.append(extent)
    return group if over and len(group) > 1 else []


# ---- what is written


def _bites(job: Job, present: Collection[str]) -> Iterator[list[dict[str, Any]]]:
    """The rows of the block's columns, a few at a time, but for those that are there already."""
    bite: list[dict[str, Any]] = []
    for name in job.block.columns.keys() - present:
        row = _column(job.block, name) | job.key
        if bite and sum(map(_size, [*bite, row])) > BITE_BYTES:
            yield bite
            bite = []
        bite.append(row)
    if bite:
        yield bite


def _size(row: dict[str, Any]) -> int:
    return sum(len(row[name]) for name in ("coarse", "fine", "data"))


def _column(block: Block, name: str) -> dict[str, Any]:
    having, values = block.values(name)
    kept = having[block.rows]
    points = (block.steps[kept], block.times[kept], values[kept])
    return {
        "name": name,
        "points": int(kept.sum()),
        "coarse": pyramid.encode(pyramid.thin(*points, pyramid.COARSE)),
        "fine": pyramid.encode(pyramid.thin(*points, pyramid.FINE)),
        "data": encode_column(block.columns[name]),
    }


def _insert(session: Session, bite: list[dict[str, Any]]) -> None:
    session.execute(insert(table(tables.Column)), bite)


def _publish(session: Session, job: Job) -> None:
    """From here on the block counts, and what it replaces does not. The run is held: a fork copies all or nothing."""
    held = rows.lock(session, job.run_id)
    if held is None or stored.find_covered(session, [job.run_id]).get(job.run_id, 0) != job.covered:
        raise Overtaken
    if stored.names(session, **job.key) != job.block.columns.keys():
        raise Overtaken
    for extent in job.replaced:
        stored.retire(session, job.run_id, extent)
    steps = job.block.steps
    session.add(
        tables.Block(
            **job.key,
            events=len(job.block.directory),
            size=job.block.size,
            first_step=int(steps.min()) if len(steps) else 0,
            last_step=int(steps.max()) if len(steps) else -1,
            directory=encode_directory(job.block.directory),
            sparse=pack(job.block.sparse),
            offsets=pack(job.block.offsets),
        )
    )


# ---- what is deleted


def tidy(store: Store, run_id: str, sleep: Sleep) -> None:
    """Delete the events that are in blocks, and the columns that are in none."""
    with store.read() as session:
        covered = stored.find_covered(session, [run_id]).get(run_id, 0)
        left = Event.run_id == run_id, Event.kind == EventKind.POINTS.value, Event.seq <= covered
        seqs = session.scalars(select(Event.seq).where(*left).order_by(Event.seq)).all()
        orphans = stored.orphans(session, run_id)
    for begin in range(0, len(seqs), BITE_ROWS):
        bite = seqs[begin : begin + BITE_ROWS]
        _paced(store, sleep, partial(_delete, statement=delete(Event).where(*left, Event.seq.in_(bite))))
    for orphan in orphans:
        _paced(store, sleep, partial(_delete, statement=stored.removal(run_id, *orphan)))


def _delete(session: Session, statement: Delete) -> None:
    session.execute(statement, execution_options={"synchronize_session": False})
