"""The stream's promise: every event of each run exactly once, in order, however often it is cut."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from backend.api.live import broadcaster
from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.store import events, runs
from backend.store.session import Store
from tests.backend.api.making import event, points, write
from tests.backend.api.stream.viewer import ON_EACH, Viewer, live
from tests.patience import Stopwatch


def writing(store: Store, leases: list[runs.Lease], each: int, pause: float) -> Callable[[], None]:
    """Writes to all runs in turn, in pieces of one to three events, some of them points."""

    def write_all() -> None:
        luck = random.Random(7)
        for number in range(each):
            for lease in leases:
                some = [points(number * 10, number * 10 + luck.randint(0, 9), loss=luck.random())]
                some += [event(EventKind.LOG, level="info", text="é" * luck.randint(0, 80))] * luck.randint(0, 2)
                write(store, lease, *some)
            time.sleep(pause)

    return write_all


def in_database(store: Store, leases: list[runs.Lease]) -> dict[str, list[int]]:
    """Every `seq` of each run up to its last: its count has no gaps. Rows would not do, for points are compacted."""
    with store.read() as session:
        heads = events.heads(session, [lease.run_id for lease in leases])
    return {run_id: list(range(1, head + 1)) for run_id, head in heads.items()}


def cut_to_pieces(
    store: Store, catalog: Catalog, port: int, each: int = 25, viewers: int = 4, seconds: float = 60
) -> list[Viewer]:
    """Viewers that are cut at random bytes while a writer writes, and then read on until they have everything."""
    leases = live(store, catalog, 3)
    names = [lease.run_id for lease in leases]
    watching = [Viewer(port, names) for _ in range(viewers)]
    writer = threading.Thread(target=writing(store, leases, each, pause=0.02))
    goal: dict[str, int] = {}
    with ThreadPoolExecutor(viewers) as pool:
        writer.start()

        def follow(number: int) -> None:
            luck = random.Random(number)
            while writer.is_alive():
                watching[number].read(1 + luck.expovariate(1 / 1200), seconds=1)
            goal.update({lease.run_id: lease.last_seq for lease in leases})
            watch = Stopwatch()
            while not watching[number].holds(goal) and watch.seconds < seconds:
                watching[number].read(1 + luck.expovariate(1 / 1200), goal, seconds=1)

        list(pool.map(follow, range(viewers)))
    writer.join()
    return watching


def faults(viewer: Viewer, truth: dict[str, list[int]]) -> tuple[int, int]:
    """Number of missing events, and of events that came twice or out of order."""
    seen = viewer.events()
    missing = sum(len(set(truth[run]) - set(seen[run])) for run in truth)
    wrong = sum(int(np.sum(np.diff(seen[run]) <= 0)) for run in truth)
    return missing, wrong


@ON_EACH
def test_the_union_of_all_pieces_is_the_database(store: Store, catalog: Catalog, port: int) -> None:
    watching = cut_to_pieces(store, catalog, port)
    leases = [runs.Lease(run, 1, 0) for run in watching[0].runs]
    truth = in_database(store, leases)
    assert [faults(viewer, truth) for viewer in watching] == [(0, 0)] * len(watching)
    assert all(viewer.events() == truth for viewer in watching)
    assert sum(viewer.cuts for viewer in watching) >= 100


@pytest.mark.parametrize("shift", [1, -1])
def test_a_cursor_that_skips_or_repeats_is_caught(
    store: Store, catalog: Catalog, port: int, monkeypatch: pytest.MonkeyPatch, shift: int
) -> None:
    """The negative control: with a wrong cursor the same reading must find faults."""
    right = broadcaster.cursor_text
    monkeypatch.setattr(
        broadcaster, "cursor_text", lambda cursors: right({run: max(seq + shift, 0) for run, seq in cursors.items()})
    )
    watching = cut_to_pieces(store, catalog, port, each=10, viewers=2, seconds=2)
    truth = in_database(store, [runs.Lease(run, 1, 0) for run in watching[0].runs])
    missing, wrong = np.sum([faults(viewer, truth) for viewer in watching], axis=0)
    assert (missing if shift > 0 else wrong) > 0
