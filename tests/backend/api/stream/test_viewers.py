"""Viewers: many, slow, silent or gone, none costs the others anything."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from backend.api.live import broadcaster, tails
from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.store.session import Store
from tests.backend.api.making import event, write
from tests.backend.api.stream.viewer import Viewer, live, served
from tests.patience import granted, until


def test_a_viewer_that_stops_reading_is_cut_off_and_others_are_not(
    store: Store, catalog: Catalog, app: FastAPI
) -> None:
    (lease,) = live(store, catalog, 1)
    text = event(EventKind.LOG, level="info", text="x" * 60_000)
    for _ in range(20):
        write(store, lease, *[text] * 10)  # 12 MB: more than all buffers between the two ends
    app.state.settings = app.state.settings.model_copy(update={"portion_seconds": 0.5})
    with served(app) as port, Viewer(port, [lease.run_id]).open() as link:
        other = Viewer(port, [lease.run_id])
        other.read(goal={lease.run_id: lease.last_seq})
        assert other.events()[lease.run_id] == list(range(1, lease.last_seq + 1))
        watched: broadcaster.Broadcaster = app.state.hub
        until(lambda: watched._viewers == 0, 30, "the end of the one that reads nothing")
        link.settimeout(granted(5))
        received = 0
        with suppress(ConnectionResetError):
            while piece := link.recv(1 << 20):
                received += len(piece)
    assert received < 12_000_000


def test_many_viewers_cost_one_look(store: Store, catalog: Catalog, app: FastAPI, port: int) -> None:
    """The database is asked by the hub alone: how often does not depend on how many look."""
    (lease,) = live(store, catalog, 1)
    looks = 0
    watched: broadcaster.Broadcaster = app.state.hub
    look = watched._poll

    def counted(*arguments: object) -> broadcaster.News:
        nonlocal looks
        looks += 1
        return look(*arguments)  # type: ignore[arg-type]

    watched._poll = counted  # type: ignore[method-assign, assignment]
    viewers, began = [Viewer(port, [lease.run_id]) for _ in range(20)], time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda viewer: viewer.read(seconds=1), viewers))
    assert 1 <= looks <= 60 * max(1.0, time.monotonic() - began)  # twenty a second, and not four hundred


def test_nobody_looking_costs_nothing(store: Store, catalog: Catalog, app: FastAPI, port: int) -> None:
    (lease,) = live(store, catalog, 1)
    Viewer(port, [lease.run_id]).read(seconds=0.3)
    watching: broadcaster.Broadcaster = app.state.hub
    # A server learns that a viewer has gone when it next writes to it.
    write(store, lease, event(EventKind.LOG, level="info", text="x"))
    until(lambda: not watching._viewers, 15, "the end of the viewer")
    assert not watching._tails and not watching._watched
    until(lambda: watching._task is not None and watching._task.done(), 15, "the end of the looks")


def test_an_outage_of_the_database_is_waited_for(
    store: Store, catalog: Catalog, app: FastAPI, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(broadcaster, "RETRY", 0.1)
    (lease,) = live(store, catalog, 1)
    watched: broadcaster.Broadcaster = app.state.hub
    look, broken, failed = watched._poll, threading.Event(), threading.Event()

    def failing(*arguments: object) -> broadcaster.News:
        if broken.is_set():
            failed.set()
            raise OperationalError("SELECT", {}, Exception("away"))
        return look(*arguments)  # type: ignore[arg-type]

    watched._poll = failing  # type: ignore[method-assign, assignment]
    viewer = Viewer(port, [lease.run_id])
    reader = threading.Thread(target=lambda: viewer.read(goal={lease.run_id: 2}))
    reader.start()
    until(lambda: viewer.messages, 10, "the first event")
    broken.set()
    until(failed.is_set, 10, "a look that fails")
    write(store, lease, event(EventKind.LOG, level="info", text="x"))
    broken.clear()
    reader.join(granted(10))
    assert viewer.events()[lease.run_id] == [1, 2]


def test_streams_end_with_the_server(store: Store, catalog: Catalog, app: FastAPI) -> None:
    (lease,) = live(store, catalog, 1)
    with served(app) as port:
        viewer = Viewer(port, [lease.run_id])
        reader = threading.Thread(target=lambda: viewer.read(seconds=20))
        reader.start()
        until(lambda: viewer.messages, 10, "the first event")
        app.state.hub.end_streams()
        reader.join(granted(1))
        assert not reader.is_alive()


def test_a_tail_knows_what_it_no_longer_has() -> None:
    tail = tails.Tail(10, 10)
    for seq in range(11, 11 + tails.TAIL + 5):
        tail.append(seq, b"x")
    assert tail.after(10) is None and tail.after(14) is None
    assert [seq for seq, _ in tail.after(15) or []] == list(range(16, 11 + tails.TAIL + 5))
    assert tail.after(tail.head) == []
    with pytest.raises(AssertionError):
        tail.append(tail.head + 2, b"x")


def test_a_silent_stream_says_that_it_is_alive(
    store: Store, catalog: Catalog, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcaster, "KEEP_ALIVE", 0.1)
    viewer = Viewer(port, [])
    with viewer.open() as link:
        text = b""
        while text.count(b": alive\n\n") < 3:
            text += link.recv(4096)
    assert b"retry: 1000\n\n" in text
