"""Reads events of runs: for the live stream, and as points for charts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind
from backend.store.blocks import stored
from backend.store.chunks import Chunk, Floats, Steps
from backend.store.downsample import bucket
from backend.store.tables import MARK, Event, Run
from backend.store.view import View, is_named

__all__ = ["Curve", "after", "bucket", "chunks", "curves", "heads", "is_named", "marks", "withdrawn"]

RUNS_PER_QUERY = 200  # SQLite's expressions are at most 1,000 deep
POINTS = EventKind.POINTS.value


def after(session: Session, cursors: Mapping[str, int], limit: int = 1000) -> list[Event]:
    """The events of each run beyond its cursor, at most `limit`, in order of `seq`: never one without those of its run
    before it. `cursors` maps run ids to the last `seq` that is known."""
    behind = sorted(_behind(session, cursors))
    covered = stored.find_covered(session, behind) if behind else {}
    compacted = [run_id for run_id in behind if covered.get(run_id, 0) > cursors[run_id]]
    found: list[Event] = []
    for run_id in compacted:
        found += _merged(session, run_id, cursors[run_id], covered[run_id], limit - len(found))
        if len(found) >= limit:
            return found
    for group in _batches([run_id for run_id in behind if run_id not in compacted], RUNS_PER_QUERY):
        wanted = or_(*(and_(Event.run_id == run_id, Event.seq > cursors[run_id]) for run_id in group))
        query = select(Event).where(wanted).order_by(Event.run_id, Event.seq)
        found += session.scalars(query.limit(limit - len(found)))
        if len(found) >= limit:
            break
    return found


def _merged(session: Session, run_id: str, cursor: int, covered: int, limit: int) -> list[Event]:
    """The next events of a run, some of which are in blocks."""
    beyond = Event.run_id == run_id, Event.seq > cursor, or_(Event.kind != POINTS, Event.seq > covered)
    rows = session.scalars(select(Event).where(*beyond).order_by(Event.seq).limit(limit))
    both = [*rows, *stored.events(session, run_id, cursor, limit)]
    return sorted(both, key=lambda event: event.seq)[:limit]


def heads(session: Session, run_ids: Collection[str]) -> dict[str, int]:
    """The last `seq` of each of these runs that is there."""
    query = select(Run.id, Run.last_seq).where(Run.id.in_(run_ids))
    return dict(session.execute(query).all())


def _behind(session: Session, cursors: Mapping[str, int]) -> list[str]:
    """The runs that have events beyond their cursor: most polls end here, after one small query."""
    return [run_id for run_id, head in heads(session, cursors.keys()).items() if head > cursors[run_id]]


def _batches(items: list[str], size: int) -> list[list[str]]:
    iterator = iter(items)
    return list(iter(lambda: list(islice(iterator, size)), []))


def marks(
    session: Session,
    run_id: str,
    after: int = 0,
    *,
    before: int | None = None,
    kinds: Collection[EventKind] | None = None,
    newest: bool = False,
    limit: int | None = None,
) -> list[Event]:
    """Everything but points, or what of it is of these kinds, between two events; the `newest` first, at most `limit`."""
    query = select(Event).where(Event.run_id == run_id, Event.seq > after, MARK)
    if before is not None:
        query = query.where(Event.seq < before)
    if kinds is not None:
        query = query.where(Event.kind.in_([kind.value for kind in kinds]))
    # A page is read in the order of `seq`. Without a limit nothing is gained by that: the sum has SQLite look at kinds first.
    order = Event.seq if limit else Event.seq + 0
    return list(session.scalars(query.order_by(order.desc() if newest else order).limit(limit)))


def alerts(session: Session, run_id: str) -> set[int]:
    """Alerts of its spec that the run has raised."""
    return {event.body["alert"] for event in marks(session, run_id, kinds=[EventKind.ALERT])}


def lines(session: Session, run_id: str) -> int:
    """Number of lines in its log."""
    query = select(func.count()).where(Event.run_id == run_id, Event.kind == EventKind.LOG.value, MARK)
    return session.scalar(query) or 0


def chunks(
    session: Session,
    run_id: str,
    *,
    metrics: Collection[str] | None = None,
    first: int | None = None,
    last: int | None = None,
    until: int | None = None,
) -> tuple[int, list[Chunk]]:
    """The points of a run as it stands: rewinds are applied, so that each (metric, step) is there once.

    `metrics` keeps those metrics (`name/*` all that begin so), `first` and `last` (inclusive) those steps, `until` what
    had happened by that `seq`. Returns the last `seq` that is included, after which the live stream continues, and the
    chunks in order; empty ones are left out.
    """
    view = View.of(session, run_id, metrics=metrics, first=first, last=last, until=until)
    return view.until, [chunk for _, chunk in view.chunks(session)]


def withdrawn(session: Session, run_id: str, after: int) -> list[Chunk]:
    """The points that came after event `after` and that rewinds took back: what `chunks` leaves out of them."""
    return list(View.of(session, run_id, after=after).withdrawn(session))


@dataclass(frozen=True, eq=False)
class Curve:
    """One metric over all stages."""

    steps: Steps  # [n]
    times: Floats  # [n] seconds
    values: Floats  # [n]
    stages: NDArray[np.int64]  # [n]


def curves(parts: Collection[Chunk]) -> dict[str, Curve]:
    """Chunks joined, by metric."""
    by_metric: dict[str, list[Chunk]] = {}
    for chunk in parts:
        for name in chunk.metrics:
            by_metric.setdefault(name, []).append(chunk)
    return {name: _join(name, having) for name, having in by_metric.items()}


def _join(name: str, parts: list[Chunk]) -> Curve:
    return Curve(
        steps=np.concatenate([chunk.steps for chunk in parts]),
        times=np.concatenate([chunk.times for chunk in parts]),
        values=np.concatenate([chunk.metrics[name] for chunk in parts]),
        stages=np.concatenate([np.full(len(chunk), chunk.stage, dtype=np.int64) for chunk in parts]),
    )
