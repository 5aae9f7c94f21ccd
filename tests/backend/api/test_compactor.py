"""The server compacts what lies in its database, and one of several does so at a time."""

import pytest
from sqlalchemy import func, select

from backend.api import compactor
from backend.api.compactor import Compactor
from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from backend.store import events, runs
from backend.store.blocks import leading, stored
from backend.store.session import Store
from backend.store.tables import Event
from tests.backend.api.making import claimed, points, queued, write
from tests.patience import until

FLUSHES = 300


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compactor, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(compactor, "SWEEP_SECONDS", 0.1)


def flushed(store: Store, catalog: Catalog, over: bool) -> runs.Lease:
    """A run as versions before this one have left it."""
    queued(store, catalog)
    lease = claimed(store)
    write(store, lease, *(points(10 * number + 1, 10 * number + 10, loss=number) for number in range(FLUSHES)))
    if over:
        with store.begin() as session:
            runs.finish(session, lease, RunState.SUCCEEDED)
    return lease


def loose(store: Store, run_id: str) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).where(Event.run_id == run_id, Event.kind == "points")) or 0


def seen(store: Store, run_id: str) -> list[tuple[int, bytes | None]]:
    with store.read() as session:
        return [(event.seq, event.chunk) for event in events.after(session, {run_id: 0}, limit=10_000)]


@pytest.mark.parametrize(("over", "left"), [(True, 0), (False, 128)])
def test_points_of_earlier_versions_are_compacted(store: Store, catalog: Catalog, over: bool, left: int) -> None:
    """Of a run that goes on the newest events stay as they are."""
    lease = flushed(store, catalog, over)
    before = seen(store, lease.run_id)
    if not over:
        write(
            store, lease, *(points(10 * number + 1, 10 * number + 10, loss=1) for number in range(FLUSHES, 2 * FLUSHES))
        )
        before = seen(store, lease.run_id)
    working = Compactor(store)
    working.start()
    until(lambda: loose(store, lease.run_id) == left, 60, "the compaction")
    working.close()
    assert seen(store, lease.run_id) == before
    with store.read() as session:
        assert stored.find_covered(session, [lease.run_id])[lease.run_id] == len(before) - left - over


def test_one_server_compacts_until_its_counter_stands_still(store: Store) -> None:
    with store.begin() as session:
        assert leading.beat(session, "a", None) == (True, 1)
        assert leading.beat(session, "b", None) == (False, 1)
        assert leading.beat(session, "a", None) == (True, 2)
        assert leading.beat(session, "b", stale=1) == (False, 2)
        assert leading.beat(session, "b", stale=2) == (True, 3)
        assert leading.beat(session, "a", stale=2) == (False, 3)


def test_another_server_takes_over_from_one_that_is_gone(
    store: Store, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = flushed(store, catalog, over=True)
    with store.begin() as session:
        leading.beat(session, "gone", None)
    monkeypatch.setattr(compactor, "TAKE_OVER_SECONDS", 0.5)
    working = Compactor(store)
    working.start()
    until(lambda: loose(store, lease.run_id) == 0, 60, "the compaction")
    working.close()


def test_closing_does_not_wait_for_the_rest(store: Store, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compactor finishes the work that an earlier one started."""
    lease = flushed(store, catalog, over=True)
    before = seen(store, lease.run_id)
    monkeypatch.setattr("backend.store.blocks.compaction.BITE_ROWS", 2)
    first = Compactor(store)
    first.start()
    until(lambda: loose(store, lease.run_id) < FLUSHES, 60, "the compaction")
    first.close()
    assert seen(store, lease.run_id) == before
    second = Compactor(store)
    second.start()
    until(lambda: loose(store, lease.run_id) == 0, 60, "the compaction")
    second.close()
    assert seen(store, lease.run_id) == before
