"""Hints are hints, and clocks are for people: F8, F14."""

import random
import time
from datetime import timedelta

import pytest
from celery import Celery
from sqlalchemy import update

from backend.domain.run.states import RunState
from backend.store.clock import now
from backend.store.tables import Run
from backend.store.tables import Worker as WorkerRow
from tests.faults.farm import Farm, Worker, spec
from tests.faults.figures import figure
from tests.patience import until

Pair = tuple[Farm, Worker]


@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")  # in kombu's own tables
def test_f8_hints_lost_doubled_and_late_make_no_second_owner(one: Pair) -> None:
    """Each run is claimed once, in the order of submission, whether it had ten hints or none."""
    farm, _ = one
    sender = Celery("lathe", broker=farm.settings.broker_url, set_as_current=False)
    dice = random.Random(0)
    made = []
    for _ in range(6):
        hints = dice.choice([0, 0, 10])
        for _ in range(hints):
            sender.send_task("lathe.wake", ignore_result=True)
        made.append(farm.submit(spec(epochs=1, milliseconds=0)))
        submitted = time.monotonic()
        until(lambda run_id=made[-1]: farm.run(run_id).state is not RunState.QUEUED, 240, "its turn")
        figure(
            f"F8 submit until claimed, idle worker, {'hinted' if hints else 'no hint'}", time.monotonic() - submitted
        )
        farm.finished(made[-1])
    sender.close()
    assert all(farm.states(run_id) == ["running", "succeeded"] for run_id in made)
    assert [farm.run(run_id).epoch for run_id in made] == [1] * 6


def test_f14_wall_clocks_decide_nothing(one: Pair) -> None:
    """Times in the rows an hour off, in either direction and all the while: nobody is reaped, nothing is lost."""
    farm, _ = one
    run_id = farm.submit(spec(epochs=60))
    farm.at_step(run_id, 1)
    began = time.monotonic()
    while not farm.run(run_id).state.terminal and time.monotonic() < began + 2 * farm.settings.lease_seconds:
        for hours in (-1, 1):
            moment = now() + timedelta(hours=hours)
            with farm.store.begin() as session:
                session.execute(update(Run).where(Run.id == run_id).values(heartbeat_at=moment, started_at=moment))
                session.execute(update(WorkerRow).values(heartbeat_at=moment))
            time.sleep(0.1)
    assert farm.finished(run_id).state is RunState.SUCCEEDED
    assert farm.run(run_id).epoch == 1
