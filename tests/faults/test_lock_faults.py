"""A worker is frozen inside a transaction on SQLite, where that locks the whole file: what is promised of F3 there.

Nobody writes, nobody loses a run over it, everybody says why; when it wakes or is killed all go on, exactly.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from backend.domain.run.states import RunState
from backend.store.session import Store
from tests.faults.farm import UNHURRIED, Farm, Worker, alive, children, farm, spec
from tests.faults.figures import figure
from tests.faults.served import lacking, served, until_lacking
from tests.patience import until

LEASE = 10.0


def frozen_inside(made: Farm, worker: Worker) -> list[int]:
    """Stop all its processes at a moment when it holds the lock: tried until it does."""
    tree, dice = [worker.pid, *children(worker.pid)], random.Random(0)
    probe = Store.open(made.settings.database_url, patience=0.5)  # the others hold it for some milliseconds
    while True:
        send_signal(tree, signal.SIGSTOP)
        try:
            with probe.begin() as session:
                session.connection()
        except OperationalError:
            probe.close()
            return tree
        send_signal(tree, signal.SIGCONT)
        time.sleep(dice.uniform(0.0, 0.05))


def send_signal(tree: list[int], number: signal.Signals) -> None:
    for pid in tree:
        os.kill(pid, number)


def owner(made: Farm, run_id: str) -> Worker:
    return next(worker for worker in made.workers if f"Run {run_id} begins" in worker.log.read_text())


@pytest.mark.parametrize("end", [signal.SIGCONT, signal.SIGKILL])
def test_f3_a_worker_that_is_frozen_inside_a_transaction_costs_time_alone(tmp_path: Path, end: signal.Signals) -> None:
    """Of three workers one is frozen, one has a run of its own, and one has nothing to do but to watch the others."""
    with farm(tmp_path / "farm", lease=LEASE) as made, served(made) as lathe:
        made.start(3)
        alone = made.submit(spec(epochs=60, milliseconds=0))
        made.finished(alone)
        first, second = (made.submit(spec(epochs=60, milliseconds=UNHURRIED)) for _ in range(2))
        for run_id in (first, second):
            made.at_step(run_id, 20)
        frozen, innocent = owner(made, first), owner(made, second)
        trainer = innocent.trainer()
        tree, stopped = frozen_inside(made, frozen), time.monotonic()

        until_lacking(lathe, "database", "locked by another process")
        assert lathe.call("POST", "/api/experiments", {"spec": spec()})[0] == 503
        until(lambda: not alive(trainer), 2 * LEASE, "that the other trainer yields", innocent.log)
        until(lambda: time.monotonic() - stopped > 2 * LEASE, 3 * LEASE, "two leases")
        assert [made.run(run_id).epoch for run_id in (first, second)] == [1, 1]
        assert all(made.run(run_id).state is RunState.RUNNING for run_id in (first, second))

        send_signal(tree, end)
        ended, step = time.monotonic(), made.run(second).step
        until(lambda: not lacking(lathe), 60, f"readiness, not {lacking(lathe)}")
        made.at_step(second, step + 1)
        figure("F3 SQLite: the frozen one goes until another one's run goes on", time.monotonic() - ended)
        for run_id in (first, second):
            assert made.finished(run_id).state is RunState.SUCCEEDED
            assert made.weights(run_id) == made.weights(alone)
        assert made.states(second) == ["running", "succeeded"]
        taken = ["queued", "running"] if end is signal.SIGKILL else []
        assert made.states(first) == ["running", *taken, "succeeded"]
