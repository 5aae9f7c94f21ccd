"""The measured artifacts of many runs, remembered: what a finished stage measured never changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from backend.charts.measures import Place, places
from backend.store import results, tables

REMEMBERED = 20_000  # results of stages; at five files each about 200 MB

Stamp = tuple[str, int, datetime]

_known: dict[Stamp, tuple[Place, ...]] = {}
_lock = Lock()


@dataclass(slots=True, eq=False)
class Point:
    """One artifact that a runtime loaded and ran; `front` as the question sees it."""

    run: tables.Run
    place: Place
    front: bool = False

    @property
    def values(self) -> dict[str, float]:
        return self.place.values  # type: ignore[return-value]


def points(session: Session, runs: Sequence[tables.Run]) -> Iterator[Point]:
    """One for each measured artifact of `runs`, in their order, by stage."""
    by_run: dict[str, list[Stamp]] = {run.id: [] for run in runs}
    for stamp in results.stamps(session, list(by_run)):
        by_run[stamp[0]].append(stamp)
    found = _remember(session, [stamp for stamps in by_run.values() for stamp in stamps])
    for run in runs:
        for stamp in by_run[run.id]:
            yield from (Point(run, place) for place in found[stamp])


def _remember(session: Session, stamps: Sequence[Stamp]) -> dict[Stamp, tuple[Place, ...]]:
    """The places of each result, read from the database where they are not known yet; the oldest are forgotten."""
    with _lock:
        found = {stamp: _known[stamp] for stamp in stamps if stamp in _known}
    unknown = {stamp[:2]: stamp for stamp in stamps if stamp not in found}
    read = results.of(session, {run for run, _ in unknown})
    for run, rows in read.items():
        for row in rows:
            if (run, row.stage) in unknown:
                found[unknown[run, row.stage]] = tuple(replace(place, latency=()) for place in places([row]))
    with _lock:
        _known.update(found)
        while len(_known) > REMEMBERED:
            del _known[next(iter(_known))]
    return found
