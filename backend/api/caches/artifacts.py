"""The measured artifacts of many runs, remembered as columns: what a finished stage measured never changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from backend.charts.artifacts import Artifacts, Block, block, together
from backend.charts.data import RunData
from backend.charts.palette import color, dash
from backend.store import results
from backend.store.results import Owner

REMEMBERED = 4000  # runs; with 25 artifacts each about 50 MB
AT_ONCE = 200  # runs whose results are read together

Stamps = tuple[tuple[int, datetime], ...]  # of each result of a run: its stage, and when it was written


@dataclass(frozen=True)
class _Known:
    seq: int  # every result is written together with an event: nothing changed while this one was the last
    stamps: Stamps
    block: Block


_known: dict[str, _Known] = {}  # by run
_last: tuple[Sequence[Owner], Sequence[Block], Artifacts] | None = None
_lock = Lock()


def artifacts(session: Session, wanted: Sequence[str] | None, most: int) -> Artifacts:
    """Those of the named runs as far as they exist; of the newest `most` without any names.

    The same object as last time where neither the runs nor what was measured of them has changed.
    """
    owners = results.owners(session, wanted, most)
    with _lock:
        if _last and _last[0] == owners:
            return _last[2]
        _refresh(session, owners)
        return _together(owners, [_known[owner.id].block for owner in owners])


def _together(owners: Sequence[Owner], blocks: Sequence[Block]) -> Artifacts:
    global _last
    runs = [_described(one) for one in owners]
    made = _last[2].of(runs) if _last and _last[1] == blocks else together(runs, blocks)
    if len(owners) > 1:  # those of one are quickly put together
        _last = owners, blocks, made
    return made


def _described(one: Owner) -> RunData:
    return RunData(
        one.id,
        one.name,
        one.seed,
        color(one.color),
        dataset=one.dataset,
        preparation=one.preparation or "",
        model=one.model,
        dash=dash(one.color),
        seq=one.seq,
    )


def _refresh(session: Session, owners: Sequence[Owner]) -> None:
    """Read the results of those runs that have others than are known; those of others that were read longest ago are forgotten."""
    moved = [one.id for one in owners if one.id not in _known or _known[one.id].seq != one.seq]
    stamps: dict[str, Stamps] = dict.fromkeys(moved, ())
    for run, stage, at in results.stamps(session, moved):
        stamps[run] += ((stage, at),)
    stale = [run for run in moved if run not in _known or _known[run].stamps != stamps[run]]
    blocks = {run: _known[run].block for run in moved if run in _known}
    for first in range(0, len(stale), AT_ONCE):
        read = results.of(session, stale[first : first + AT_ONCE])
        blocks |= {run: block(found) for run, found in read.items()}
    seqs = {one.id: one.seq for one in owners}
    for run in moved:
        _known.pop(run, None)
        _known[run] = _Known(seqs[run], stamps[run], blocks[run])
    for run in [run for run in _known if run not in seqs][: max(0, len(_known) - REMEMBERED)]:
        del _known[run]
