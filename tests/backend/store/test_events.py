"""Events read back: for the stream, and as points with rewinds applied."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.event import listens_for, remove

from backend.domain.run.events import EventKind, NewEvent
from backend.store import events, runs
from backend.store.chunks import Chunk, decode, encode
from backend.store.runs import Lease
from backend.store.session import Store
from tests.backend.store.conftest import Submit, claim, log, points, rewind


def write(store: Store, lease: Lease, *new: NewEvent) -> None:
    with store.begin() as session:
        runs.write(session, lease, new)


def visible(store: Store, run_id: str, **filters: object) -> dict[str, dict[int, float]]:
    with store.read() as session:
        _, chunks = events.chunks(session, run_id, **filters)  # type: ignore[arg-type]
    return {
        name: dict(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))
        for name, curve in events.curves(chunks).items()
    }


AWKWARD = [float("nan"), float("inf"), float("-inf"), -0.0, 0.1, 1e-45, 5e-324, 1.7976931348623157e308, 1.5]


def test_every_float_comes_back_bit_for_bit(store: Store, lease: Lease) -> None:
    steps = np.array([1, 2, 3, 10, 11, 12, 100, 10**12, 10**12 + 1])
    columns = {"exact": np.array(AWKWARD), "narrow": np.array([1.5, np.nan, np.inf, *[0.25] * 6])}
    write(store, lease, NewEvent(kind=EventKind.POINTS, chunk=encode(Chunk(2, steps, steps * 0.5, columns))))
    with store.read() as session:
        seq, (chunk,) = events.chunks(session, lease.run_id)
    assert (seq, chunk.stage) == (2, 2)
    assert chunk.steps.tolist() == steps.tolist()
    for name, values in columns.items():
        assert chunk.metrics[name].tobytes() == values.tobytes()


def test_a_stream_gets_each_event_once_and_in_order(store: Store, submit: Submit) -> None:
    submit(3)
    leases = [claim(store) for _ in range(3)]
    for index in range(4):
        for lease in leases[: 3 - index % 2]:
            write(store, lease, points(index * 10 + 1, index * 10 + 10), log(str(index)))
    cursors = {lease.run_id: 0 for lease in leases}
    got: dict[str, list[int]] = {run_id: [] for run_id in cursors}
    while True:
        with store.read() as session:
            news = events.after(session, cursors, limit=5)
        if not news:
            break
        for event in news:
            got[event.run_id].append(event.seq)
            cursors[event.run_id] = event.seq
    assert got == {lease.run_id: list(range(1, lease.last_seq + 1)) for lease in leases}


def test_a_stream_of_many_runs(store: Store, submit: Submit) -> None:
    ids = submit(450)
    for _ in range(3):
        claim(store)
    with store.read() as session:
        assert len(events.after(session, dict.fromkeys(ids, 0))) == 3
        assert events.after(session, dict.fromkeys(ids, 1)) == []
        assert events.after(session, {"nobody": 0}) == []
        assert events.after(session, {}) == []


def test_marks_are_everything_but_points(store: Store, lease: Lease) -> None:
    write(store, lease, points(1, 5), log("a"), points(6, 9), rewind(5))
    with store.read() as session:
        assert [event.kind for event in events.marks(session, lease.run_id)] == ["state", "log", "rewind"]
        assert [event.seq for event in events.marks(session, lease.run_id, after=3)] == [5]


def test_marks_are_read_page_by_page_and_by_kind(store: Store, lease: Lease) -> None:
    write(store, lease, log("a"), points(1, 5), log("b"), rewind(5), log("c"))
    with store.read() as session:

        def seqs(**page: Any) -> list[int]:
            return [event.seq for event in events.marks(session, lease.run_id, **page)]

        assert seqs(limit=2) == [1, 2]
        assert seqs(after=2, limit=2) == [4, 5]
        assert seqs(newest=True, limit=2) == [6, 5]
        assert seqs(newest=True, before=5) == [4, 2, 1]
        assert seqs(kinds=[EventKind.LOG], after=2) == [4, 6]
        assert seqs(kinds=[EventKind.POINTS]) == []
        assert events.lines(session, lease.run_id) == 3


def test_what_is_no_point_is_found_by_its_index(store: Store, lease: Lease) -> None:
    """Neither the points of a long run nor the lines of a talkative one are read for a chart's marks."""
    seen = []

    @listens_for(store.engine, "before_cursor_execute")
    def explain(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        if connection.dialect.name == "sqlite" and "kind != 'points'" in statement:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            seen.append(" ".join(row[3] for row in cursor.fetchall()))

    with store.read() as session:
        events.marks(session, lease.run_id, kinds=[EventKind.REWIND, EventKind.ALERT])
        events.lines(session, lease.run_id)
    remove(store.engine, "before_cursor_execute", explain)
    assert all("ix_events_run_id_kind_seq" in plan for plan in seen)
    assert len(seen) == (2 if store.engine.dialect.name == "sqlite" else 0)


def test_a_rewind_withdraws_what_came_before_it(store: Store, lease: Lease) -> None:
    write(store, lease, points(1, 10, loss=1), points(11, 20, loss=1), rewind(14), points(15, 18, loss=2))
    assert visible(store, lease.run_id) == {
        "loss": {**dict.fromkeys(range(1, 15), 1), **dict.fromkeys(range(15, 19), 2)}
    }


def test_a_rewind_to_the_beginning(store: Store, lease: Lease) -> None:
    write(store, lease, points(1, 10), rewind(0))
    assert visible(store, lease.run_id) == {}


def test_points_are_filtered_by_metric_and_step(store: Store, lease: Lease) -> None:
    write(store, lease, points(1, 10, loss=1, rate=2), points(11, 20, loss=1), points(21, 30, rate=3))
    assert visible(store, lease.run_id, metrics=["rate"], first=9, last=22) == {"rate": {9: 2, 10: 2, 21: 3, 22: 3}}
    assert visible(store, lease.run_id, metrics=["nothing"]) == {}
    assert visible(store, lease.run_id, first=31) == {}
    assert visible(store, lease.run_id, last=0) == {}


def test_an_unknown_run_has_no_points(store: Store) -> None:
    with store.read() as session:
        assert events.chunks(session, "nobody") == (0, [])


def test_the_seq_of_points_is_where_the_stream_goes_on(store: Store, lease: Lease) -> None:
    write(store, lease, points(1, 10))
    with store.read() as session:
        seq, _ = events.chunks(session, lease.run_id)
        write(store, lease, points(11, 20))
        assert events.chunks(session, lease.run_id)[0] == seq
    with store.read() as session:
        (event,) = events.after(session, {lease.run_id: seq})
    assert event.chunk is not None
    assert decode(event.chunk).steps.tolist() == list(range(11, 21))


Move = tuple[str, int]
moves = st.lists(st.tuples(st.sampled_from(["points", "rewind"]), st.integers(1, 12)), max_size=12)


def replay(script: Sequence[Move]) -> tuple[list[NewEvent], dict[int, float]]:
    """The events of a script and, point by point, what must be visible after them. Steps go on from a rewind."""
    new, expected, step = [], dict[int, float](), 0
    for index, (kind, size) in enumerate(script):
        if kind == "points":
            new.append(points(step + 1, step + size, loss=index))
            expected |= dict.fromkeys(range(step + 1, step + size + 1), float(index))
            step += size
        else:
            step = max(0, step - size)
            new.append(rewind(step))
            expected = {known: value for known, value in expected.items() if known <= step}
    return new, expected


@pytest.mark.parametrize("bug", [None, "rewinds ignored", "rewind one too far"])
def test_rewinds_against_a_point_by_point_replay(store: Store, submit: Submit, bug: str | None) -> None:
    """With its negative controls: a reader that ignores rewinds or goes one step too far would be caught."""
    caught = []

    @settings(max_examples=30, deadline=None, database=None)
    @given(moves)
    def check(script: Sequence[Move]) -> None:
        submit()
        lease = claim(store)
        new, expected = replay(script)
        if bug == "rewinds ignored":
            new = [event for event in new if event.kind is not EventKind.REWIND]
        elif bug == "rewind one too far":
            new = [rewind(event.body["step"] - 1) if event.kind is EventKind.REWIND else event for event in new]
        write(store, lease, *new)
        right = visible(store, lease.run_id).get("loss", {}) == expected
        caught.append(not right)
        assert right or bug

    check()
    assert any(caught) == (bug is not None)
