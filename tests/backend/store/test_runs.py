"""The life of a run: one owner, one fence, one ending."""

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.domain.run.commands import CommandKind, CommandState
from backend.domain.run.states import RunState
from backend.store import artifacts, commands, events, experiments, runs
from backend.store.clock import new_id
from backend.store.runs import Lease, LeaseLost
from backend.store.session import Store
from backend.store.tables import Event, Experiment, Run, Table
from tests.backend.store.conftest import Submit, claim, log, points
from tests.backend.store.invariants import violations


def get(store: Store, run_id: str) -> Run:
    with store.read() as session:
        run = runs.get(session, run_id)
        assert run is not None
        return run


def states(store: Store, run_id: str) -> list[str]:
    with store.read() as session:
        return [event.body["state"] for event in events.marks(session, run_id) if event.kind == "state"]


def reap(store: Store, run_id: str) -> bool:
    run = get(store, run_id)
    with store.begin() as session:
        return runs.reap(session, run_id, run.epoch, run.heartbeat, "Its worker sent no more signs of life.")


def count(session: Session, table: type[Table]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def checkpoint(store: Store, lease: Lease, step: int, stage: int = 0) -> str:
    with store.begin() as session:
        runs.write(session, lease)
        file = {"kind": artifacts.CHECKPOINT, "path": f"{step}", "bytes": 1, "sha256": "0" * 64}
        return artifacts.register(session, lease.run_id, id=new_id(), stage=stage, step=step, **file).id


def test_a_claim_takes_the_oldest_run(store: Store, submit: Submit) -> None:
    ids = submit(3)
    assert [claim(store, "me").run_id for _ in ids] == ids
    run = get(store, ids[0])
    assert (run.state, run.owner, run.epoch, run.attempts, run.last_seq) == (RunState.RUNNING, "me", 1, 1, 1)
    assert run.started_at is not None
    assert states(store, ids[0]) == ["running"]


def test_nothing_queued_nothing_claimed(store: Store) -> None:
    with store.begin() as session:
        assert runs.claim(session, "me") is None


def test_a_write_appends_events_and_beats(store: Store, lease: Lease) -> None:
    before = get(store, lease.run_id)
    with store.begin() as session:
        runs.write(session, lease, [points(1, 5), log()], step=5, latest={"loss": 1.0})
    after = get(store, lease.run_id)
    assert (after.step, after.latest, after.last_seq) == (5, {"loss": 1.0}, 3)
    assert after.heartbeat > before.heartbeat
    assert lease.last_seq == 3
    with store.begin() as session:
        runs.write(session, lease)
    assert get(store, lease.run_id).heartbeat > after.heartbeat


def test_a_stale_epoch_writes_nothing(store: Store, lease: Lease) -> None:
    assert reap(store, lease.run_id)
    successor = claim(store, "other")
    for attempt in (
        lambda session: runs.write(session, lease, [log("stale")], step=99),
        lambda session: runs.finish(session, lease, RunState.SUCCEEDED, events=[log("stale")]),
        lambda session: runs.release(session, lease, "stale"),
    ):
        with pytest.raises(LeaseLost), store.begin() as session:
            attempt(session)
    run = get(store, lease.run_id)
    assert (run.step, run.owner, run.state) == (0, "other", RunState.RUNNING)
    assert run.last_seq == successor.last_seq
    with store.read() as session:
        assert "stale" not in [event.body.get("text") for event in events.marks(session, lease.run_id)]


def test_a_lost_last_seq_is_a_lost_lease(store: Store, lease: Lease) -> None:
    twin = Lease(lease.run_id, lease.epoch, lease.last_seq)
    with store.begin() as session:
        runs.write(session, lease, [log()])
    with pytest.raises(LeaseLost), store.begin() as session:
        runs.write(session, twin, [log()])


def test_a_lease_does_not_run_ahead_of_a_rolled_back_write(store: Store, lease: Lease) -> None:
    def interrupted() -> None:
        with store.begin() as session:
            runs.write(session, lease, [log()])
            runs.write(session, lease, [log()])
            raise ConnectionError

    before = lease.last_seq
    with pytest.raises(ConnectionError):
        interrupted()
    assert lease.last_seq == before
    with store.begin() as session:
        runs.write(session, lease, [log()])
    assert get(store, lease.run_id).last_seq == before + 1


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED, RunState.CANCELLED])
def test_an_ending_is_final(store: Store, lease: Lease, state: RunState) -> None:
    with store.begin() as session:
        runs.finish(session, lease, state, "Because.", [log("the last words")])
    run = get(store, lease.run_id)
    assert (run.state, run.error, run.owner, run.finished_at is not None) == (state, "Because.", None, True)
    assert states(store, run.id)[-1] == state
    with pytest.raises(LeaseLost), store.begin() as session:
        runs.write(session, lease, [log()])
    with store.begin() as session:
        assert not runs.cancel_queued(session, run.id)
        assert not runs.reap(session, run.id, run.epoch, run.heartbeat, "late")
        assert runs.claim(session, "other") is None
    with store.read() as session:
        assert violations(session) == []


def test_an_ending_refuses_what_is_pending(store: Store, lease: Lease) -> None:
    with store.begin() as session:
        requested = commands.ask(session, lease.run_id, CommandKind.STOP, {}, "ann")
    with store.begin() as session:
        runs.finish(session, lease, RunState.SUCCEEDED)
    with store.read() as session:
        command, end = events.marks(session, lease.run_id)[-2:]
        assert commands.pending(session, lease.run_id) == []
    assert (command.body["command"], command.body["state"]) == (requested.id, CommandState.REFUSED)
    assert end.body["state"] == "succeeded"


def test_a_released_run_is_queued_and_its_attempt_does_not_count(store: Store, lease: Lease) -> None:
    with store.begin() as session:
        runs.release(session, lease, "Shutting down.")
    run = get(store, lease.run_id)
    assert (run.state, run.owner, run.attempts) == (RunState.QUEUED, None, 0)
    with pytest.raises(LeaseLost), store.begin() as session:
        runs.write(session, lease)
    assert claim(store).epoch == lease.epoch + 1
    assert states(store, run.id) == ["running", "queued", "running"]


def test_a_reaper_acts_on_the_counter_it_watched_alone(store: Store, lease: Lease) -> None:
    with store.read() as session:
        ((run_id, epoch, heartbeat),) = runs.leases(session)
    with store.begin() as session:
        runs.write(session, lease)  # the owner was alive after all
    with store.begin() as session:
        assert not runs.reap(session, run_id, epoch, heartbeat, "late")
        assert not runs.reap(session, run_id, epoch + 1, heartbeat + 1, "wrong epoch")
        assert not runs.reap(session, "nobody", epoch, heartbeat, "no such run")
    assert get(store, run_id).state is RunState.RUNNING
    assert reap(store, run_id)
    run = get(store, run_id)
    assert (run.state, run.owner, run.epoch) == (RunState.QUEUED, None, epoch + 1)
    with store.begin() as session:
        assert not runs.reap(session, run_id, epoch, heartbeat, "twice")


def test_a_run_is_given_up_after_three_attempts_without_progress(store: Store, lease: Lease) -> None:
    for _ in range(2):
        assert reap(store, lease.run_id)
        claim(store)
    assert reap(store, lease.run_id)
    run = get(store, lease.run_id)
    assert run.state is RunState.FAILED
    assert run.error == "Its worker sent no more signs of life. Given up after 3 attempts without progress."
    with store.read() as session:
        assert violations(session) == []


def test_progress_makes_attempts_count_anew(store: Store, lease: Lease) -> None:
    for round in range(5):
        checkpoint(store, lease, step=100 + round)
        assert get(store, lease.run_id).attempts == 0
        assert reap(store, lease.run_id)
        lease = claim(store)


def test_the_same_checkpoint_again_is_no_progress(store: Store, lease: Lease) -> None:
    checkpoint(store, lease, step=100)
    reap(store, lease.run_id)
    lease = claim(store)
    checkpoint(store, lease, step=100)
    checkpoint(store, lease, step=50)
    assert get(store, lease.run_id).attempts == 1
    checkpoint(store, lease, step=100, stage=1)
    assert get(store, lease.run_id).attempts == 0


def test_a_queued_run_without_attempts_left_is_failed_by_the_next_claim(store: Store, submit: Submit) -> None:
    exhausted, fresh = submit(2)
    with store.begin() as session:
        session.execute(update(Run).where(Run.id == exhausted).values(attempts=3))
    assert claim(store).run_id == fresh
    assert get(store, exhausted).state is RunState.FAILED


def test_a_queued_run_is_cancelled_at_once(store: Store, submit: Submit) -> None:
    (run_id,) = submit()
    with store.begin() as session:
        assert runs.cancel_queued(session, run_id)
        assert not runs.cancel_queued(session, run_id)
        assert runs.claim(session, "me") is None
    run = get(store, run_id)
    assert (run.state, run.error) == (RunState.CANCELLED, None)


def test_only_a_run_that_is_over_can_be_deleted(store: Store, lease: Lease) -> None:
    with store.begin() as session:
        assert not runs.delete_terminal(session, lease.run_id)
        runs.write(session, lease, [points(1, 3)])
        commands.ask(session, lease.run_id, CommandKind.STOP, {}, "ann")
        runs.finish(session, lease, RunState.SUCCEEDED)
    with store.begin() as session:
        assert runs.delete_terminal(session, lease.run_id)
    with store.read() as session:
        assert runs.get(session, lease.run_id) is None
        assert count(session, Event) == count(session, Experiment) == 0


def test_an_experiment_stays_while_it_has_runs(store: Store, submit: Submit) -> None:
    first, second = submit(2)
    for run_id, left in ((first, 1), (second, 0)):
        with store.begin() as session:
            assert runs.cancel_queued(session, run_id)
            assert runs.delete_terminal(session, run_id)
        with store.read() as session:
            assert count(session, Experiment) == left


def test_seeds_colours_and_order(store: Store, submit: Submit) -> None:
    submit(2)
    submit(2)
    with store.read() as session:
        found, _ = runs.page(session, descending=False)
    assert [run.seed for run in found] == [0, 1, 0, 1]
    assert [run.color for run in found] == [1, 2, 3, 4]
    with store.read() as session:
        assert [run.id for run in experiments.runs(session, found[0].experiment_id)] == [run.id for run in found[:2]]
