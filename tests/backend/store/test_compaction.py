"""Compacted points: every question gets the answer that it gets while nothing is compacted."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Thread
from time import perf_counter, sleep
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import Place, RunState
from backend.store import events, inheritance, run_events, runs
from backend.store.blocks import compaction, making, stored, tables
from backend.store.blocks.format import decode_directory, encode_directory
from backend.store.blocks.stored import Extent
from backend.store.chunks import Chunk, encode
from backend.store.clock import new_id, now
from backend.store.forks import Prefix
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Artifact, Event, Run
from tests.backend.store.conftest import Submit, claim, log, rewind

AWKWARD = [float("nan"), float("inf"), float("-inf"), -0.0, 0.1, 5e-324, 1.5]
GROUPS = (("train/loss", "learning_rate"), ("train/loss",), ("validation/loss", "validation/accuracy"))


@dataclass(frozen=True)
class Move:
    kind: str  # flush, rewind, log, stage, compact, crash
    size: int
    group: int
    gap: int
    value: float


KINDS = ["flush"] * 8 + ["rewind", "log", "stage", "compact", "compact", "crash"]
moves = st.lists(
    st.builds(
        Move,
        st.sampled_from(KINDS),
        st.integers(1, 6),
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from(AWKWARD) | st.floats(width=32),
    ),
    min_size=10,
    max_size=40,
)
STORY = [
    Move("flush", size, group, gap, value)
    for size, group, gap, value in [(5, 0, 0, 0.1), (1, 2, 0, 1.5), (6, 1, 1, float("nan")), (3, 0, 0, -0.0)] * 4
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few events, so that short runs have many."""
    for name, value in {"ENOUGH": 3, "REST": 1, "FRESH": 2, "MOST_EVENTS": 8, "BITE_BYTES": 1, "BITE_ROWS": 2}.items():
        monkeypatch.setattr(compaction, name, value)
    monkeypatch.setattr(stored, "REMEMBERED", 0)


def flush(move: Move, stage: int, step: int) -> tuple[NewEvent, int]:
    """The points of a move after `step`, and the step after them."""
    steps = step + np.cumsum(np.full(move.size, 1 + move.gap))
    columns = {name: np.arange(move.size) * 0.25 for name in GROUPS[move.group]}
    for values in columns.values():
        values[move.size // 2] = move.value
    chunk = Chunk(stage, steps, steps / 7, columns)
    return NewEvent(kind=EventKind.POINTS, chunk=encode(chunk)), int(steps[-1])


class Crash(Exception):
    pass


def crash_after(transactions: int) -> compaction.Sleep:
    left = [transactions]

    def sleep(seconds: float) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise Crash

    return sleep


def compact(store: Store, run_id: str, sleep: compaction.Sleep = lambda seconds: None) -> None:
    while compaction.compact(store, run_id, sleep):
        pass


def play(store: Store, lease: Lease, script: Sequence[Move], compacting: bool) -> None:
    stage = step = 0
    for move in script:
        new: list[NewEvent] = []
        match move.kind:
            case "flush":
                event, step = flush(move, stage, step)
                new = [event]
            case "rewind":
                step = max(0, step - 2 * move.size)
                new = [rewind(step)]
            case "log":
                new = [log("so far, so good")]
            case "stage":
                stage += 1
            case "compact" if compacting:
                compact(store, lease.run_id)
            case "crash" if compacting:
                with suppress(Crash):
                    compact(store, lease.run_id, crash_after(move.size))
        if new:
            with store.begin() as session:
                runs.write(session, lease, new)


def answers(store: Store, lease: Lease) -> dict[str, Any]:
    """The reader's view of the run, as bytes."""
    run_id, found = lease.run_id, dict[str, Any]()
    with store.read() as session:
        for metrics in (None, ["train/loss"], ["validation/*", "nothing"]):
            for first, last in ((None, None), (7, 20), (21, None), (None, 1)):
                answer = events.chunks(session, run_id, metrics=metrics, first=first, last=last)
                found[f"chunks {metrics} {first} {last}"] = curves(*answer)
        for seq in range(0, lease.last_seq + 1, max(1, lease.last_seq // 4)):
            found[f"until {seq}"] = curves(*events.chunks(session, run_id, until=seq))
            found[f"withdrawn {seq}"] = curves(seq, events.withdrawn(session, run_id, seq))
            for limit in (3, 1000):
                following = events.after(session, {run_id: seq}, limit)
                found[f"after {seq} {limit}"] = [(one.seq, one.kind, one.body, one.chunk) for one in following]
    return found


def curves(seq: int, chunks: Sequence[Chunk]) -> Any:
    return seq, {
        name: tuple(values.tobytes() for values in (one.steps, one.times, one.values, one.stages))
        for name, one in events.curves(chunks).items()
    }


def pair(store: Store, submit: Submit, script: Sequence[Move]) -> tuple[Lease, Lease]:
    """Two runs of the same story: one that was never compacted, and one that was now and then."""
    submit(2)
    plain, compacted = claim(store), claim(store)
    play(store, plain, script, compacting=False)
    play(store, compacted, script, compacting=True)
    return plain, compacted


def finish(store: Store, lease: Lease) -> None:
    with store.begin() as session:
        runs.finish(session, lease, RunState.SUCCEEDED)


def blocks(store: Store, lease: Lease) -> list[Extent]:
    with store.read() as session:
        return stored.extents(session, lease.run_id)


def test_every_answer_is_that_of_points_as_they_were_written(store: Store, submit: Submit) -> None:
    made = []

    @settings(max_examples=10, deadline=None, database=None, phases=[Phase.explicit, Phase.generate])
    @given(moves, st.booleans())
    @example([*STORY, Move("compact", 1, 0, 0, 0.0), Move("rewind", 6, 0, 0, 0.0), *STORY], True)
    def check(script: Sequence[Move], over: bool) -> None:
        plain, compacted = pair(store, submit, script)
        if over:
            finish(store, plain)
            finish(store, compacted)
            compact(store, compacted.run_id)
        made.append(len(blocks(store, compacted)))
        assert answers(store, compacted) == answers(store, plain)

    check()
    assert max(made) > 3


@pytest.mark.parametrize("number", ["seq", "first", "count", "start"])
def test_a_directory_that_is_off_by_one_would_be_caught(store: Store, submit: Submit, number: str) -> None:
    plain, compacted = pair(store, submit, [*STORY, Move("compact", 1, 0, 0, 0.0)])
    assert answers(store, compacted) == answers(store, plain)
    extent = blocks(store, compacted)[1]
    key = (compacted.run_id, extent.first_seq, extent.last_seq)
    with store.begin() as session:
        block = session.get_one(tables.Block, key)
        right = decode_directory(block.directory, extent.first_seq)
        wrong = getattr(right, number).copy()
        wrong[4] += 1
        if number == "count":  # as many steps of these metrics in all
            wrong[0] -= 1
        block.directory = encode_directory(replace(right, **{number: wrong}))
    assert answers(store, compacted) != answers(store, plain)


def test_each_point_is_written_three_times_at_most(store: Store, submit: Submit) -> None:
    """Into the events, into a small block, into a full one."""
    submit()
    lease, written = claim(store), 0

    for _ in range(40):
        play(store, lease, STORY[:1], compacting=False)
        with store.read() as session:
            job = compaction.next_job(session, lease.run_id)
        written += len(job.block.directory) if job else 0
        compact(store, lease.run_id)
    assert sum(extent.events for extent in blocks(store, lease)) >= 35
    assert written <= 2 * 40


def test_no_event_and_no_column_is_left_over(store: Store, submit: Submit) -> None:
    submit()
    lease = claim(store)
    for transactions in range(1, 12):
        play(store, lease, [*STORY, Move("crash", transactions, 0, 0, 0.0)], compacting=True)
    finish(store, lease)
    compact(store, lease.run_id)
    with store.read() as session:
        covered = stored.find_covered(session, [lease.run_id])[lease.run_id]
        kinds = session.execute(select(Event.seq, Event.kind).where(Event.run_id == lease.run_id)).all()
        assert [seq for seq, kind in kinds if kind == "points" and seq <= covered] == []
        assert stored.orphans(session, lease.run_id) == []


def test_what_a_run_left_in_blocks_goes_with_it(store: Store, submit: Submit) -> None:
    _, lease = pair(store, submit, [*STORY, Move("compact", 1, 0, 0, 0.0)])
    assert blocks(store, lease)
    finish(store, lease)
    with store.begin() as session:
        assert runs.delete_terminal(session, lease.run_id)
    with store.read() as session:
        for model in (tables.Block, tables.Column):
            assert session.scalar(select(func.count()).select_from(model).where(model.run_id == lease.run_id)) == 0


def test_a_run_that_is_deleted_meanwhile_is_let_go(store: Store, submit: Submit) -> None:
    _, lease = pair(store, submit, STORY)
    finish(store, lease)

    def delete(seconds: float) -> None:
        with store.begin() as session:
            runs.delete_terminal(session, lease.run_id)

    with pytest.raises(compaction.Overtaken):
        compact(store, lease.run_id, delete)
    assert not compaction.compact(store, lease.run_id, lambda seconds: None)


def test_two_that_compact_at_once_make_each_block_once(store: Store, submit: Submit) -> None:
    plain, lease = pair(store, submit, STORY)
    overtaken = []

    def meanwhile(seconds: float) -> None:
        if not overtaken:
            overtaken.append(True)
            compact(store, lease.run_id)

    with pytest.raises(compaction.Overtaken):
        compact(store, lease.run_id, meanwhile)
    compact(store, lease.run_id)
    assert answers(store, lease) == answers(store, plain)


def test_a_fork_takes_over_what_is_in_blocks(store: Store, submit: Submit) -> None:
    """At any event: before, within and behind a block; and it can be compacted further, and forked again."""
    _, lease = pair(store, submit, [*STORY, Move("compact", 1, 0, 0, 0.0), *STORY[:3]])
    assert blocks(store, lease)[0].last_seq < lease.last_seq
    for seq in range(2, lease.last_seq + 1, 3):
        child = fork(store, submit, lease.run_id, seq)
        grandchild = fork(store, submit, child.run_id, seq)
        compact(store, child.run_id)
        for one in (child, grandchild):
            assert past(store, one.run_id, seq) == past(store, lease.run_id, seq)


def fork(store: Store, submit: Submit, parent: str, seq: int) -> Lease:
    """A run that begins with the parent's past up to event `seq`."""
    submit()
    with store.begin() as session:
        run = run_events.lock(session, parent)
        assert run is not None
        checkpoint = Artifact(
            id=new_id(), run_id=parent, kind="checkpoint", stage=0, step=1, place=Place.WITHIN, path="runs/a/checkpoints/b",
            bytes=1, sha256="0" * 64, created_at=now(),
        )  # fmt: skip
        cut = Prefix(run, checkpoint, seq, 1.0, 0, within=True, trains=True)
        child = session.scalars(select(Run).where(Run.last_seq == 0)).one()
        inheritance.queue(session, child, cut, inheritance.inherited_files(session, cut, child.id))
        return Lease.of(child)


def past(store: Store, run_id: str, seq: int) -> Any:
    with store.read() as session:
        followed = [(one.seq, one.kind, one.at, one.body, one.chunk) for one in events.after(session, {run_id: 0}, seq)]
        return followed, curves(*events.chunks(session, run_id, until=seq))


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_writer_hardly_waits_for_a_compaction(
    store: Store, submit: Submit, monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    """For the one lock at most 50 ms; on a busy machine ten times what its slowest write takes without a compaction.

    With its negative control: a compaction that works inside a transaction would be caught."""
    for name, value in {"BITE_BYTES": 1 << 18, "BITE_ROWS": 128, "MOST_EVENTS": 4096}.items():
        monkeypatch.setattr(compaction, name, value)
    submit(2)
    compacted, other = claim(store), claim(store)
    for _ in range(20):
        with store.begin() as session:
            runs.write(session, compacted, [wide(compacted.last_seq + number) for number in range(100)])
    finish(store, compacted)
    most = max(0.05, 10 * max(waits(store, other, lambda: False)))
    insert = compaction._insert

    def dawdle(session: Session, bite: list[dict[str, Any]]) -> None:
        insert(session, bite)
        monkeypatch.setattr(compaction, "_insert", insert)
        sleep(2 * most)

    if slow:
        monkeypatch.setattr(compaction, "_insert", dawdle)
    compacting = Thread(target=compact, args=(store, compacted.run_id, sleep))
    compacting.start()
    longest = max(waits(store, other, compacting.is_alive))
    compacting.join()
    assert sum(extent.events for extent in blocks(store, compacted)) == 2000
    assert (longest > most) == slow, (longest, most)


def wide(number: int) -> NewEvent:
    steps = np.arange(10 * number, 10 * number + 10)
    columns = {f"metric/{name}": np.random.default_rng(number).random(10) for name in range(20)}
    return NewEvent(kind=EventKind.POINTS, chunk=encode(Chunk(0, steps, steps / 20, columns)))


def waits(store: Store, lease: Lease, more: Callable[[], bool]) -> list[float]:
    """Seconds that each of at least 50 small writes took."""
    taken: list[float] = []
    while len(taken) < 50 or more():
        began = perf_counter()
        with store.begin() as session:
            runs.write(session, lease, [log("so far, so good")])
        taken.append(perf_counter() - began)
        sleep(0.002)
    return taken


def test_bytes_that_would_not_come_back_stay_as_they_are(store: Store, submit: Submit) -> None:
    submit()
    lease = claim(store)
    play(store, lease, STORY, compacting=False)
    with store.begin() as session:
        event = session.get_one(Event, (lease.run_id, 2))
        assert event.chunk is not None
        event.chunk = event.chunk.replace(b'{"stage":0,', b'{ "stage":0,')
        length = int.from_bytes(event.chunk[:4], "little")
        event.chunk = (length + 1).to_bytes(4, "little") + event.chunk[4:]
    with pytest.raises(making.Unfaithful):
        compact(store, lease.run_id)
    assert blocks(store, lease) == []
