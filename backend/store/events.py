"""What happened to runs, read back: for the live stream, and as points for charts."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from backend.spec.events import EventKind
from backend.store.bucket import bucket
from backend.store.chunks import Chunk, Floats, Steps, decode
from backend.store.tables import Event, Run

__all__ = ["Curve", "after", "bucket", "chunks", "curves", "marks", "named", "withdrawn"]

RUNS_PER_QUERY = 200  # SQLite's expressions are at most 1,000 deep


def after(session: Session, cursors: Mapping[str, int], limit: int = 1000) -> list[Event]:
    """The events of each run beyond its cursor, at most `limit`, ordered by run and `seq`: never one without those
    of its run before it. `cursors` maps run ids to the last `seq` that is known."""
    found: list[Event] = []
    for group in _batches(sorted(_behind(session, cursors)), RUNS_PER_QUERY):
        wanted = or_(*(and_(Event.run_id == run_id, Event.seq > cursors[run_id]) for run_id in group))
        query = select(Event).where(wanted).order_by(Event.run_id, Event.seq)
        found += session.scalars(query.limit(limit - len(found)))
        if len(found) >= limit:
            break
    return found


def _behind(session: Session, cursors: Mapping[str, int]) -> list[str]:
    """The runs that have events beyond their cursor: most polls end here, after one small query."""
    rows = session.execute(select(Run.id, Run.last_seq).where(Run.id.in_(cursors)))
    return [run_id for run_id, last_seq in rows if last_seq > cursors[run_id]]


def _batches(items: list[str], size: int) -> list[list[str]]:
    iterator = iter(items)
    return list(iter(lambda: list(islice(iterator, size)), []))


def marks(session: Session, run_id: str, after: int = 0) -> list[Event]:
    """Everything but points, in order."""
    query = select(Event).where(Event.run_id == run_id, Event.seq > after, Event.kind != EventKind.POINTS.value)
    return list(session.scalars(query.order_by(Event.seq)))


def alerts(session: Session, run_id: str) -> set[int]:
    """Which alerts of its spec the run has raised."""
    query = select(Event.body).where(Event.run_id == run_id, Event.kind == EventKind.ALERT.value)
    return {body["alert"] for body in session.scalars(query)}


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

    `metrics` keeps those metrics (`name/*` all that begin so), `first` and `last` (inclusive) those steps, `until` what had happened by that `seq`. Returns the last `seq` that is
    included, after which the live stream continues, and the chunks in order; empty ones are left out.
    """
    seq = until if until is not None else session.scalar(select(Run.last_seq).where(Run.id == run_id)) or 0
    found: list[Chunk] = []
    for chunk, bound in _backwards(session, run_id, 0, seq):
        kept = _kept(chunk, metrics, first, bound if last is None else min(bound, last))
        found += [kept] if len(kept) and kept.metrics else []
    return seq, found[::-1]


def withdrawn(session: Session, run_id: str, after: int) -> list[Chunk]:
    """The points that came after event `after` and that rewinds took back: what `chunks` leaves out of them."""
    gone = []
    for chunk, bound in _backwards(session, run_id, after, None):
        if not math.isinf(bound) and chunk.steps[-1] > bound:
            gone.append(_kept(chunk, None, int(bound) + 1, math.inf))
    return gone


def _backwards(session: Session, run_id: str, after: int, until: int | None) -> Iterator[tuple[Chunk, float]]:
    """The chunks that came after event `after`, newest first, each with the step beyond which it was taken back."""
    kinds = (EventKind.POINTS.value, EventKind.REWIND.value)
    query = select(Event.kind, Event.body, Event.chunk).where(
        Event.run_id == run_id, Event.seq > after, Event.kind.in_(kinds)
    )
    if until is not None:
        query = query.where(Event.seq <= until)
    bound = math.inf
    for kind, body, blob in reversed(session.execute(query.order_by(Event.seq)).all()):
        if kind == EventKind.REWIND:
            bound = min(bound, body["step"])
        elif blob is not None:
            yield decode(blob), bound


def _kept(chunk: Chunk, metrics: Collection[str] | None, first: int | None, bound: float) -> Chunk:
    if metrics is not None:
        chunk = replace(chunk, metrics={name: chunk.metrics[name] for name in chunk.metrics if named(name, metrics)})
    begin = 0 if first is None else int(np.searchsorted(chunk.steps, first, "left"))
    end = len(chunk) if math.isinf(bound) else int(np.searchsorted(chunk.steps, bound, "right"))
    if (begin, end) == (0, len(chunk)):
        return chunk
    part = slice(begin, max(begin, end))
    columns = {name: values[part] for name, values in chunk.metrics.items()}
    return Chunk(chunk.stage, chunk.steps[part], chunk.times[part], columns)


def named(metric: str, wanted: Collection[str]) -> bool:
    """Whether `metric` is among `wanted`, in which `name/*` stands for all that begin so."""
    return metric in wanted or f"{metric.partition('/')[0]}/*" in wanted


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
