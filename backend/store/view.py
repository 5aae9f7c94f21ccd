"""The points of a run as it stands, read one block after the other."""

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind
from backend.store.blocks import stored
from backend.store.blocks.stored import Extent
from backend.store.chunks import Chunk, decode
from backend.store.tables import MARK, Event, Run

ROWS_AT_ONCE = 500

Wanted = Collection[str] | None  # metrics; None for all


class Rewinds:
    """Points that were taken back."""

    def __init__(self, session: Session, run_id: str, until: int) -> None:
        rewound = Event.run_id == run_id, Event.seq <= until, Event.kind == EventKind.REWIND.value, MARK
        rows = session.execute(select(Event.seq, Event.body).where(*rewound).order_by(Event.seq)).all()
        steps = np.array([*(body["step"] for _, body in rows), math.inf])
        self._seqs = np.array([seq for seq, _ in rows], np.int64)
        self._bounds = np.minimum.accumulate(steps[::-1])[::-1]

    def bound(self, seq: int) -> float:
        """The step beyond which points of event `seq` were taken back; infinite when they were not."""
        return float(self._bounds[np.searchsorted(self._seqs, seq, "right")])

    def between(self, one: int, other: int) -> bool:
        """Returns whether there was a rewind between two events."""
        before, after = np.searchsorted(self._seqs, [one, other])
        return bool(before != after)


@dataclass(frozen=True)
class View:
    """The points of the events beyond `after` and up to `until` that no rewind up to then took back: of these metrics,
    at the steps `first` to `last` inclusive."""

    run_id: str
    after: int
    until: int
    metrics: Wanted
    first: float
    last: float
    rewinds: Rewinds

    @classmethod
    def of(
        cls,
        session: Session,
        run_id: str,
        *,
        after: int = 0,
        until: int | None = None,
        metrics: Wanted = None,
        first: int | None = None,
        last: int | None = None,
    ) -> Self:
        if until is None:
            until = session.scalar(select(Run.last_seq).where(Run.id == run_id)) or 0
        lowest, highest = -math.inf if first is None else first, math.inf if last is None else last
        return cls(run_id, after, until, metrics, lowest, highest, Rewinds(session, run_id, until))

    def whole(self, extent: Extent) -> bool:
        """Returns whether all points of the block are in view."""
        inside = self.after < extent.first_seq and extent.last_seq <= self.until
        return inside and self.first <= extent.first_step and extent.last_step <= self._end(extent.last_seq)

    def shows(self, extent: Extent) -> bool:
        """Returns whether some of them may be in view."""
        return self.first <= extent.last_step and extent.first_step <= self._end(extent.last_seq)

    def _end(self, seq: int) -> float:
        return min(self.last, self.rewinds.bound(seq))

    def chunks(
        self, session: Session, metrics_of: Callable[[Extent], Wanted] | None = None
    ) -> Iterator[tuple[int, Chunk]]:
        """Chunks in view, in order, each with an event that it is of. `metrics_of` may ask for less of a block."""
        wanted = metrics_of or (lambda _: self.metrics)
        for seq, chunk in self._read(session, lambda extent: wanted(extent) if self.shows(extent) else ()):
            kept = _part(_named(chunk, self.metrics), self.first, self._end(seq))
            if len(kept) and kept.metrics:
                yield seq, kept

    def withdrawn(self, session: Session) -> Iterator[Chunk]:
        """Points that rewinds took out of it, at all steps."""
        gone = self._read(
            session, lambda extent: self.metrics if extent.last_step > self.rewinds.bound(extent.last_seq) else ()
        )
        for seq, chunk in gone:
            bound = self.rewinds.bound(seq)
            if len(chunk) and chunk.steps[-1] > bound:
                yield _part(_named(chunk, self.metrics), bound + 1, math.inf)

    def _read(self, session: Session, metrics_of: Callable[[Extent], Wanted]) -> Iterator[tuple[int, Chunk]]:
        """Every chunk of the events, of blocks the metrics that are wanted; with one of its events, by which rewinds
        are told: no block spans one."""
        end = self.after
        for extent in stored.extents(session, self.run_id, self.after, self.until):
            end, metrics = max(end, extent.last_seq), metrics_of(extent)
            if metrics is None or metrics:
                block = stored.load(session, self.run_id, extent, metrics)
                yield from ((extent.last_seq, chunk) for chunk in block.chunks(self.after, self.until))
        rows = select(Event.seq, Event.chunk).where(
            Event.run_id == self.run_id, Event.seq > end, Event.seq <= self.until, Event.kind == EventKind.POINTS.value
        )
        for seq, blob in session.execute(rows.order_by(Event.seq).execution_options(yield_per=ROWS_AT_ONCE)):
            if blob is not None:
                yield seq, decode(blob)


def _named(chunk: Chunk, metrics: Wanted) -> Chunk:
    if metrics is None:
        return chunk
    return replace(chunk, metrics={name: column for name, column in chunk.metrics.items() if is_named(name, metrics)})


def is_named(metric: str, wanted: Collection[str]) -> bool:
    """Returns whether `metric` is among `wanted`, in which `name/*` stands for all that begin so."""
    return metric in wanted or f"{metric.partition('/')[0]}/*" in wanted


def _part(chunk: Chunk, first: float, last: float) -> Chunk:
    """Its steps from `first` to `last`, inclusive."""
    begin, end = int(np.searchsorted(chunk.steps, first)), int(np.searchsorted(chunk.steps, last, "right"))
    if (begin, end) == (0, len(chunk)):
        return chunk
    rows = slice(begin, max(begin, end))
    columns = {name: values[rows] for name, values in chunk.metrics.items()}
    return Chunk(chunk.stage, chunk.steps[rows], chunk.times[rows], columns)
