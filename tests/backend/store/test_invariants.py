"""The checker of the invariants, checked: each bug that it exists for is planted, and it is noticed."""

import pytest
from sqlalchemy import insert, update

from backend.domain.run.states import RunState
from backend.store import runs
from backend.store.clock import now
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Event, Run
from tests.backend.store.conftest import claim, log, points
from tests.backend.store.invariants import violations


def test_a_write_without_the_fence_would_be_noticed(store: Store, lease: Lease) -> None:
    """The checker's negative control: what a zombie could do if `write` did not look at the epoch."""
    zombie = Lease(lease.run_id, lease.epoch, lease.last_seq)
    with store.begin() as session:
        ((run_id, epoch, heartbeat),) = runs.leases(session)
        assert runs.reap(session, run_id, epoch, heartbeat, "Not heard of.")
    successor = claim(store)
    with store.begin() as session:
        runs.write(session, successor, [log(epoch=successor.epoch)])
    with store.read() as session:
        assert violations(session) == []
    with store.begin() as session:  # the planted bug: no `where epoch` and no `where last_seq`
        body = {"epoch": zombie.epoch}
        seq = successor.last_seq + 1
        session.execute(insert(Event).values(run_id=zombie.run_id, seq=seq, kind="log", at=now(), body=body))
        session.execute(update(Run).where(Run.id == zombie.run_id).values(last_seq=seq))
    with store.read() as session:
        assert violations(session) == [f"{zombie.run_id}: I4 no epoch writes after a later one"]


@pytest.mark.parametrize(
    ("bug", "rule"),
    [
        ({"last_seq": 7}, "I3 seq counts 1, 2, 3… up to last_seq"),
        ({"owner": None}, "I1 a live run has an owner, and no other run has"),
        ({"state": RunState.SUCCEEDED, "owner": None}, "I2 a run that is over has one terminal event, its last"),
        ({"attempts": 4}, "I11 attempts stay within the limit"),
    ],
)
def test_the_checker_notices(store: Store, lease: Lease, bug: dict[str, object], rule: str) -> None:
    with store.begin() as session:
        session.execute(update(Run).values(bug))
    with store.read() as session:
        assert f"{lease.run_id}: {rule}" in violations(session)


def test_the_checker_notices_doubled_points(store: Store, lease: Lease) -> None:
    with store.begin() as session:
        runs.write(session, lease, [points(1, 5), points(5, 9)])
    with store.read() as session:
        assert violations(session) == [f"{lease.run_id}: I5 each (metric, step) is visible once"]
