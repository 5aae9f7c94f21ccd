"""The reaper on a clock that is set by hand, and what the Celery process may import and log."""

import logging
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from backend.store import runs, workers
from backend.store.migrate import migrate
from backend.store.runs import Lease
from backend.store.session import Store
from tests.worker.supervising import claim
from worker.process import logs
from worker.supervisor.reaper import Reaper

pytestmark = pytest.mark.usefixtures("processes")


class Hand:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(store: Store) -> tuple[Store, Lease, Reaper, Hand]:
    run, hand = claim(store), Hand()
    return store, Lease.of(run), Reaper(store, 10.0, 1.0, hand), hand


Watched = tuple[Store, Lease, Reaper, Hand]


def test_a_silent_owner_loses_its_run_after_a_whole_ttl(watched: Watched) -> None:
    _, lease, reaper, hand = watched
    for second in range(10):
        hand.now = float(second)
        assert reaper.check() == [], second
    hand.now = 10.0
    assert reaper.check() == [lease.run_id]
    assert reaper.check() == []


def test_an_owner_that_beats_keeps_its_run(watched: Watched) -> None:
    store, lease, reaper, hand = watched
    for second in range(40):
        hand.now = float(second)
        assert reaper.check() == []
        if second % 8 == 0:
            with store.begin() as session:
                runs.write(session, lease)


def test_a_reaper_that_slept_reaps_nothing_on_waking(watched: Watched) -> None:
    """The whole machine was frozen: nobody could beat."""
    _, _, reaper, hand = watched
    assert reaper.check() == []
    hand.now = 3600.0
    assert reaper.check() == []


def test_while_the_database_takes_nothing_nobody_is_watched(sqlite_url: str) -> None:
    """Counters can be read there while another process holds the lock, and nobody could have moved them."""
    migrate(sqlite_url)
    store, hand = Store.open(sqlite_url, patience=0.1), Hand()
    lease, reaper = Lease.of(claim(store)), Reaper(store, 10.0, 1.0, hand)
    reaper.check()
    with Store.open(sqlite_url).begin() as session:
        session.connection()
        for second in range(1, 30):
            hand.now = float(second)
            with pytest.raises(OperationalError):
                reaper.check()
            reaper.forget()
    for second in range(30, 40):
        hand.now = float(second)
        assert reaper.check() == [], second
    hand.now = 40.0
    assert reaper.check() == [lease.run_id]
    store.close()


def test_its_own_run_is_not_watched(watched: Watched) -> None:
    _, lease, reaper, hand = watched
    for second in range(30):
        hand.now = float(second)
        assert reaper.check(own=lease.run_id) == []


def test_a_silent_worker_counts_as_gone(watched: Watched, catalog: Any) -> None:
    store, _, reaper, hand = watched
    with store.begin() as session:
        workers.announce(session, "w", "name", {}, catalog)
    for second in range(12):
        hand.now = float(second)
        reaper.check()
    with store.read() as session:
        assert [worker.gone_at is not None for worker in workers.all(session)] == [True]


def test_the_celery_process_never_imports_torch() -> None:
    heavy = "{'torch', 'onnxruntime', 'sklearn', 'worker.contracts.component'}"
    code = f"import sys, worker.app; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_log_lines_hold_no_secret_and_cannot_be_forged() -> None:
    record = logging.LogRecord("lathe", logging.ERROR, "", 0, "%s", ("",), None)
    record.args = ("redis://:s3cret-s3cret@host/0 token=abcdefgh12345678 \x1b[2J\r\n12:00:00 INFO lathe: forged",)
    line = logs.Formatter().format(record)
    assert "s3cret" not in line and "abcdefgh" not in line
    assert "\x1b" not in line and "\r" not in line
    assert "\n    12:00:00 INFO" in line
