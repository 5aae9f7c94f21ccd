"""Many workers at once: threads and processes, on both databases."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress

import pytest

from backend.domain.run.commands import CommandKind
from backend.domain.run.states import RunState
from backend.store import commands, experiments, runs
from backend.store.migrate import migrate
from backend.store.runs import Lease, LeaseLost
from backend.store.session import Store
from tests.backend.store.conftest import SPEC, Submit, claim, log
from tests.backend.store.invariants import violations


def claim_all(url: str, worker: str) -> list[str]:
    """Claims runs until nothing is queued."""
    store = Store.open(url)
    mine = []
    while True:
        with store.begin() as session:
            run = runs.claim(session, worker)
            if run is None:
                break
            lease = Lease.of(run)
        with store.begin() as session:
            runs.write(session, lease, [log(epoch=lease.epoch)])
        mine.append(run.id)
    store.close()
    return mine


@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_each_run_is_claimed_by_one(store: Store, store_url: str, submit: Submit, pool: str) -> None:
    ids = submit(40)
    spawn = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(8) if pool == "threads" else ProcessPoolExecutor(2, spawn) as workers:
        claimed = [workers.submit(claim_all, store_url, f"worker {n}") for n in range(8 if pool == "threads" else 2)]
        found = [run_id for future in claimed for run_id in future.result(60)]
    assert sorted(found) == sorted(ids)
    with store.read() as session:
        assert violations(session) == []


def test_claims_do_not_wait_for_each_other_on_postgresql(postgres_url: str) -> None:
    """One claim is held open: the other takes the next run at once."""
    migrate(postgres_url)
    store = Store.open(postgres_url)
    with store.begin() as session:
        experiments.create(session, SPEC, [1, 2])
    with store.begin() as first, store.begin() as second:
        one, two = runs.claim(first, "a"), runs.claim(second, "b")
        assert one is not None and two is not None and one.id != two.id
    store.close()


def race(*targets: Callable[[], None]) -> None:
    """Run all at the same moment, each in a thread; raises what one of them raised."""
    barrier = threading.Barrier(len(targets))

    def start(target: Callable[[], None]) -> None:
        barrier.wait(10)
        target()

    with ThreadPoolExecutor(len(targets)) as workers:
        for future in [workers.submit(start, target) for target in targets]:
            future.result(30)


class Endings:
    """Three parties write to one run at once; each enters its success in `won`."""

    def __init__(self, store: Store) -> None:
        self.store, self.lease, self.won = store, claim(store), set[str]()
        with store.read() as session:
            ((_, _, self.heartbeat),) = runs.leases(session)

    def finish(self) -> None:
        with suppress(LeaseLost):
            with self.store.begin() as session:
                runs.finish(session, self.lease, RunState.SUCCEEDED)
            self.won.add("finish")

    def reap(self) -> None:
        with self.store.begin() as session:
            taken = runs.reap(session, self.lease.run_id, self.lease.epoch, self.heartbeat, "race")
        self.won |= {"reap"} if taken else set()

    def cancel(self) -> None:
        with suppress(commands.RunOver), self.store.begin() as session:
            commands.ask(session, self.lease.run_id, CommandKind.CANCEL, {}, "ann")


def test_of_racing_endings_one_wins(store: Store, submit: Submit) -> None:
    for _ in range(10):
        submit()
        endings = Endings(store)
        race(endings.finish, endings.reap, endings.cancel)
        assert endings.won in ({"finish"}, {"reap"})
        with store.begin() as session:
            assert violations(session) == []
            runs.cancel_queued(session, endings.lease.run_id)


def test_writers_of_many_runs_do_not_disturb_each_other(store: Store, submit: Submit) -> None:
    submit(6)
    leases = [claim(store, f"worker {n}") for n in range(6)]

    def work(lease: Lease) -> None:
        for step in range(30):
            with store.begin() as session:
                runs.write(session, lease, [log(epoch=lease.epoch)], step=step)

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(work, leases))
    with store.read() as session:
        assert violations(session) == []
        assert {runs.get(session, lease.run_id).last_seq for lease in leases} == {31}  # type: ignore[union-attr]
