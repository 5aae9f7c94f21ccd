"""Watching a run: every event exactly once, in order, however often the connection is cut."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store import events as stored_events
from backend.store import runs
from backend.store.session import Store
from client import Lathe, LatheError
from client.events import Event, Logged, Points, StateChanged
from client.runs import stream
from tests.backend.api.making import event, finished, points, write
from tests.backend.api.stream.viewer import live
from tests.client.conftest import Server
from tests.client.proxy import Proxy

TEXT = "two\nlines, U+2028 \u2028 and U+0085 \x85 ünd"  # what some readers of lines take for the end of one


def in_database(store: Store, run_id: str) -> list[int]:
    """Every `seq` up to the last: a run's count has no gaps. Rows would not do, for points are compacted in the meantime."""
    with store.read() as session:
        return list(range(1, stored_events.heads(session, [run_id])[run_id] + 1))


def seqs(events: Sequence[Event]) -> list[int]:
    return [one.seq for one in events]


@contextmanager
def writing(store: Store, lease: runs.Lease, times: int, pause: float) -> Iterator[None]:
    """Another thread writes points and logs to the run, then ends it."""

    def write_all() -> None:
        for number in range(times):
            write(
                store,
                lease,
                points(number * 5, number * 5 + 4, loss=1.0),
                event(EventKind.LOG, level="info", text=TEXT),
            )
            time.sleep(pause)
        with store.begin() as session:
            runs.finish(session, lease, RunState.SUCCEEDED)

    writer = threading.Thread(target=write_all)
    writer.start()
    yield
    writer.join()


def watched_through_cuts(server: Server, proxy: Proxy, lathe: Lathe, catalog: Catalog) -> tuple[list[Event], list[int]]:
    """Events that a watcher saw while its connections were cut at random bytes, and the true numbers of all events."""
    luck = random.Random(5)
    proxy.allow = lambda number: 300 + luck.expovariate(1 / 1000)
    (lease,) = live(server.store, catalog, 1)
    with writing(server.store, lease, times=40, pause=0.02):
        seen = list(lathe.watch(lathe.run(lease.run_id)))
    return seen, in_database(server.store, lease.run_id)


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "FIRST_PAUSE", 0.01)


@pytest.mark.usefixtures("brisk")
def test_a_cut_connection_loses_and_doubles_nothing(
    server: Server, proxy: Proxy, cut_lathe: Lathe, catalog: Catalog
) -> None:
    seen, truth = watched_through_cuts(server, proxy, cut_lathe, catalog)
    assert seqs(seen) == truth
    assert len(truth) == 82
    assert proxy.cuts >= 10
    assert {one.text for one in seen if isinstance(one, Logged)} == {TEXT}
    assert isinstance(seen[-1], StateChanged) and seen[-1].state == "succeeded"


@pytest.mark.usefixtures("brisk")
def test_a_watcher_that_forgets_its_place_is_caught(
    server: Server, proxy: Proxy, cut_lathe: Lathe, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with a place that is one event behind, the same check finds events doubled."""
    events = cut_lathe._wire.events

    def forgetful(path: str, query: dict[str, str], last: str | None) -> object:
        run_id, _, seq = (last or "").rpartition(":")
        return events(path, query, f"{run_id}:{int(seq) - 1}" if seq else None)

    monkeypatch.setattr(cut_lathe._wire, "events", forgetful)
    seen, truth = watched_through_cuts(server, proxy, cut_lathe, catalog)
    assert sorted(set(seqs(seen))) == truth
    assert len(seen) > len(truth)


@pytest.mark.usefixtures("brisk")
def test_a_server_that_is_away_for_a_moment_is_waited_for(
    server: Server, proxy: Proxy, cut_lathe: Lathe, catalog: Catalog
) -> None:
    (lease,) = live(server.store, catalog, 1)
    seen: list[Event] = []
    with writing(server.store, lease, times=10, pause=0.05):
        for one in cut_lathe.watch(cut_lathe.run(lease.run_id)):
            seen.append(one)
            if one.seq == 5:
                proxy.closed = True
                proxy.cut()
                threading.Timer(0.5, setattr, (proxy, "closed", False)).start()
    assert seqs(seen) == in_database(server.store, lease.run_id)


def test_a_server_that_stays_away_is_given_up(
    server: Server, proxy: Proxy, cut_lathe: Lathe, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PATIENCE", 0.3)
    (lease,) = live(server.store, catalog, 1)
    watching = cut_lathe.watch(cut_lathe.run(lease.run_id))
    next(watching)
    proxy.closed = True
    proxy.cut()
    with pytest.raises(LatheError) as caught:
        next(watching)
    assert caught.value.error == "Cut"


def test_what_is_over_is_told_from_its_beginning_or_from_a_place(
    server: Server, lathe: Lathe, catalog: Catalog
) -> None:
    run = lathe.run(finished(server.store, catalog))
    all_of_it = list(run.watch())
    assert seqs(all_of_it) == in_database(server.store, run.id)
    assert list(run.watch(after=3)) == all_of_it[3:]
    assert list(run.watch(after=len(all_of_it))) == []


def test_points_come_as_numbers(server: Server, lathe: Lathe, catalog: Catalog) -> None:
    (lease,) = live(server.store, catalog, 1)
    write(server.store, lease, points(1, 2, loss=float("nan"), accuracy=float("inf")))
    with server.store.begin() as session:
        runs.finish(session, lease, RunState.FAILED, error="It diverged.")
    _, chunk, end = lathe.run(lease.run_id).watch()
    assert isinstance(chunk, Points) and chunk.steps == [1, 2]
    assert [value != value for value in chunk.metrics["train/loss"]] == [True, True]
    assert chunk.metrics["train/accuracy"] == [float("inf")] * 2
    assert isinstance(end, StateChanged) and end.state.terminal


def test_several_runs_end_when_the_last_one_does(server: Server, lathe: Lathe, catalog: Catalog) -> None:
    one, other = (
        lathe.run(finished(server.store, catalog, state=state)) for state in (RunState.FAILED, RunState.STOPPED)
    )
    seen = list(lathe.watch(one, other))
    for run in (one, other):
        assert seqs([event for event in seen if event.run_id == run.id]) == in_database(server.store, run.id)


def test_a_run_that_is_not_there_is_told(lathe: Lathe) -> None:
    with pytest.raises(LatheError, match="There is no run `no-such-run`"):
        list(stream.follow(lathe._wire, {"no-such-run": 0}))


def test_wait_ends_with_the_run_or_in_time(server: Server, lathe: Lathe, catalog: Catalog) -> None:
    (lease,) = live(server.store, catalog, 1)
    run = lathe.run(lease.run_id)
    with pytest.raises(TimeoutError, match=r"running, step 0.* is not over after 0\.3 s"):
        run.wait(timeout=0.3)
    with writing(server.store, lease, times=1, pause=0.3):
        assert run.wait().state == "succeeded"
