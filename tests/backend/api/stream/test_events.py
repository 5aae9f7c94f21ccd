"""The stream carries events as they were written, rows of runs that changed, and runs that were deleted."""

import asyncio
import json
import threading
import time

import numpy as np
import pytest

from backend.api.live import stream
from backend.api.live.sse import MAX_STEPS
from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store import runs
from backend.store.session import Store
from tests.backend.api.making import event, points, queued, write
from tests.backend.api.stream.viewer import ON_EACH, Viewer, having, live, states
from tests.patience import granted, slowness, until


@ON_EACH
def test_what_is_streamed_is_what_was_written(store: Store, catalog: Catalog, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    write(store, lease, points(1, 4, loss=np.array([1.5, np.nan, np.inf, -np.inf])))
    write(store, lease, event(EventKind.LOG, level="info", text="two\nlines ünd\r more \u2028"))
    viewer = Viewer(port, [lease.run_id])
    viewer.read(goal={lease.run_id: 3})
    state, chunk, log = (message.data for message in viewer.messages)
    assert state["kind"] == "state" and state["columns"] is None
    assert chunk["columns"] == {
        "stage": 0,
        "steps": [1, 2, 3, 4],
        "times": pytest.approx([0.01, 0.02, 0.03, 0.04]),
        "metrics": {"train/loss": [1.5, "NaN", "Infinity", "-Infinity"]},
    }
    assert log["body"]["text"] == "two\nlines ünd\r more \u2028"
    assert [message.id for message in viewer.messages] == [f"{lease.run_id}:{seq}" for seq in (1, 2, 3)]


def test_a_large_chunk_is_thinned_and_says_so(store: Store, catalog: Catalog, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    loss = np.ones(20_000)
    loss[12_345] = 77.0
    write(store, lease, points(0, 19_999, loss=loss, accuracy=np.linspace(0, 1, 20_000)))
    viewer = Viewer(port, [lease.run_id])
    viewer.read(goal={lease.run_id: 2})
    chunk = viewer.messages[-1].data
    assert chunk["body"] == {"bucketed": 20_000}
    assert len(chunk["columns"]["steps"]) <= MAX_STEPS
    assert 77.0 in chunk["columns"]["metrics"]["train/loss"]
    assert {len(values) for values in chunk["columns"]["metrics"].values()} == {len(chunk["columns"]["steps"])}


def test_after_leaves_out_what_is_known(store: Store, catalog: Catalog, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    write(store, lease, *[event(EventKind.LOG, level="info", text=str(number)) for number in range(300)])
    viewer = Viewer(port, [f"{lease.run_id}&after=290"])
    viewer.runs = [f"{lease.run_id}"]
    viewer.last_id = f"{lease.run_id}:290,unknown:7"
    viewer.read(goal={lease.run_id: 301})
    assert viewer.events() == {lease.run_id: list(range(291, 302))}


@ON_EACH
def test_new_events_arrive_soon(store: Store, catalog: Catalog, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    viewer = Viewer(port, [lease.run_id])
    reader = threading.Thread(target=lambda: viewer.read(goal={lease.run_id: 31}))
    reader.start()
    sent = []
    until(lambda: viewer.messages, 10, "the first event")
    for _ in range(30):
        write(store, lease, event(EventKind.LOG, level="info", text="x"))
        sent.append(time.time())
        time.sleep(0.05)
    reader.join(granted(10))
    delays = [message.at - at for message, at in zip(viewer.messages[1:], sent, strict=True)]
    assert float(np.median(delays)) < 0.3 * slowness()


@ON_EACH
def test_rows_tell_of_runs_that_nobody_named(store: Store, catalog: Catalog, port: int) -> None:
    (first,) = queued(store, catalog, "Before")
    viewer = Viewer(port, [], rows=True)
    reader = threading.Thread(target=lambda: viewer.read(until=lambda viewer: "cancelled" in states(viewer)))
    reader.start()
    until(lambda: viewer.messages, 10, "the first row")
    (later,) = queued(store, catalog, "After")
    until(lambda: len(viewer.messages) > 1, 10, "the next row")
    with store.begin() as session:
        assert runs.cancel_queued(session, later)
    reader.join(granted(10))
    rows = [message.data for message in viewer.messages if message.event == "row"]
    assert rows[0]["id"] == first
    assert states(viewer)[-2:] == ["queued", "cancelled"] and rows[-1]["id"] == later
    assert {row["name"] for row in rows} == {"Before", "After"}


def test_a_run_that_ended_while_nobody_looked_is_told_on_opening(store: Store, catalog: Catalog, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    with store.begin() as session:
        runs.finish(session, lease, RunState.SUCCEEDED)
    viewer = Viewer(port, [], rows=True)
    viewer.read(until=having(1))
    assert [message.data["state"] for message in viewer.messages] == ["succeeded"]


def test_a_run_that_is_not_there_is_told_and_harms_no_other(store: Store, catalog: Catalog, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    viewer = Viewer(port, ["no-such-run", lease.run_id])
    viewer.read(until=having(2))
    assert [message.data for message in viewer.messages if message.event == "gone"] == [{"run_id": "no-such-run"}]
    assert viewer.events()[lease.run_id] == [1]


def test_a_run_that_is_deleted_meanwhile_is_told(store: Store, catalog: Catalog, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    with store.begin() as session:
        runs.finish(session, lease, RunState.FAILED, "x")
    viewer = Viewer(port, [lease.run_id])
    reader = threading.Thread(target=lambda: viewer.read(until=having(3)))
    reader.start()
    until(lambda: len(viewer.messages) == 2, 10, "its events")
    with store.begin() as session:
        assert runs.delete_terminal(session, lease.run_id)
    reader.join(granted(10))
    assert viewer.messages[-1].event == "gone"


def test_frames_are_json_on_one_line(store: Store, catalog: Catalog, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    viewer = Viewer(port, [lease.run_id], rows=True)
    viewer.read(until=having(2))
    assert viewer.messages and json.dumps([message.data for message in viewer.messages], allow_nan=False)
    assert asyncio.iscoroutinefunction(stream.stream)
