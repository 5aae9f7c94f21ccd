"""Compacted points: every question gets the answer that it gets while nothing is compacted."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from backend.spec.events import EventKind, NewEvent
from backend.spec.runs import RunState
from backend.store import events, runs
from backend.store.blocks import compaction, stored
from backend.store.chunks import Chunk, encode
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Event
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


moves = st.lists(
    st.builds(
        Move,
        st.sampled_from(["flush"] * 6 + ["rewind", "log", "stage", "compact", "crash"]),
        st.integers(1, 6),
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from(AWKWARD) | st.floats(width=32),
    ),
    max_size=40,
)


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


def answers(store: Store, run_id: str, last_seq: int, last_step: int) -> dict[str, Any]:
    """What a reader is told of the run, as bytes."""
    found: dict[str, Any] = {}
    with store.read() as session:
        for metrics in (None, ["train/loss"], ["validation/*"], ["nothing"]):
            for first, last in ((None, None), (last_step // 3, 2 * last_step // 3), (last_step, None), (None, 1)):
                told = events.chunks(session, run_id, metrics=metrics, first=first, last=last)
                found[f"chunks {metrics} {first} {last}"] = curves(told)
        for seq in range(0, last_seq + 1, max(1, last_seq // 5)):
            found[f"until {seq}"] = curves(events.chunks(session, run_id, until=seq))
            found[f"withdrawn {seq}"] = points(events.withdrawn(session, run_id, seq))
            for limit in (1, 3, 1000):
                found[f"after {seq} {limit}"] = [seen(event) for event in events.after(session, {run_id: seq}, limit)]
    return found


def curves(answer: tuple[int, list[Chunk]]) -> Any:
    seq, chunks = answer
    return seq, {
        name: tuple(values.tobytes() for values in (one.steps, one.times, one.values, one.stages))
        for name, one in events.curves(chunks).items()
    }


def points(chunks: Sequence[Chunk]) -> Any:
    return curves((0, list(chunks)))


def seen(event: Event) -> tuple[Any, ...]:
    return event.seq, event.kind, event.body, event.chunk


def pair(store: Store, submit: Submit, script: Sequence[Move]) -> tuple[Lease, Lease]:
    """Two runs of the same story: one that was never compacted, and one that was now and then."""
    submit(2)
    plain, compacted = claim(store), claim(store)
    play(store, plain, script, compacting=False)
    play(store, compacted, script, compacting=True)
    return plain, compacted


def test_every_answer_is_that_of_points_as_they_were_written(store: Store, submit: Submit) -> None:
    blocks = []

    @settings(max_examples=25, deadline=None, database=None, phases=[Phase.generate])
    @given(moves, st.booleans())
    def check(script: Sequence[Move], over: bool) -> None:
        plain, compacted = pair(store, submit, script)
        if over:
            for lease in (plain, compacted):
                with store.begin() as session:
                    runs.finish(session, lease, RunState.SUCCEEDED)
            compact(store, compacted.run_id)
        with store.read() as session:
            blocks.append(len(stored.extents(session, compacted.run_id)))
        expected = answers(store, plain.run_id, plain.last_seq, 30)
        found = answers(store, compacted.run_id, compacted.last_seq, 30)
        assert found == expected

    check()
    assert max(blocks) > 3
