"""Runs that wait to begin with another's past: none waits for ever, and none begins before its time."""

import random

import pytest

from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.results import StageResult
from backend.domain.run.states import Place, RunState
from backend.store import (
    artifacts,
    commands,
    experiments,
    forks,
    inheritance,
    results,
    run_dependencies,
    run_events,
    runs,
)
from backend.store.clock import new_id
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Run
from tests.backend.store.conftest import SPEC, points
from tests.faults.invariants import violations


def queue(store: Store, *shared: tuple[int, int] | None) -> list[str]:
    """Runs that wait for one another as `arrange` is told."""
    with store.begin() as session:
        _, made = experiments.create(session, SPEC, range(len(shared)))
        run_dependencies.arrange(session, made, shared)
        return [run.id for run in made]


def claim(store: Store) -> Lease | None:
    with store.begin() as session:
        run = runs.claim(session, "worker")
        return Lease.of(run) if run else None


def claimed(store: Store) -> Lease:
    lease = claim(store)
    assert lease is not None
    return lease


def end_stage(store: Store, lease: Lease, stage: int, place: Place = Place.END) -> str:
    """As a worker writes it: points, the result, the checkpoint."""
    identity, step = new_id(), 10 * (stage + 1)
    body = {"step": step, "stage": stage, "artifact": identity, "seconds": 1.0 + stage}
    with store.begin() as session:
        past = [points(step - 9, step, stage=stage), NewEvent(kind=EventKind.CHECKPOINT, body=body)]
        runs.write(session, lease, past, step=step, latest={"loss": 1.0})
        result = StageResult(
            stage=stage, kind="train", label="train", step=step, seconds=1.0, parameters=1, nonzero=1, weights_sha256="a"
        )  # fmt: skip
        results.put(session, lease.run_id, result)
        artifacts.register(
            session, lease.run_id, id=identity, kind="checkpoint", stage=stage, step=step, place=place,
            path=f"runs/{lease.run_id}/checkpoints/{identity}.pt", bytes=1, sha256="0",
        )  # fmt: skip
    return identity


def finish(store: Store, lease: Lease, state: RunState = RunState.SUCCEEDED) -> None:
    with store.begin() as session:
        runs.finish(session, lease, state, "no" if state is RunState.FAILED else None)


def waits(store: Store, run_id: str) -> tuple[str | None, int | None]:
    with store.read() as session:
        run = session.get_one(Run, run_id)
        return run.waits_for, run.waits_stage


def test_a_run_waits_for_the_stage_and_holds_nobody_up(store: Store) -> None:
    first, waiter, other = queue(store, None, (0, 2), None)
    lease = claimed(store)
    assert lease.run_id == first
    assert claimed(store).run_id == other
    assert claim(store) is None
    end_stage(store, lease, 0)
    assert claim(store) is None
    end_stage(store, lease, 1, Place.WITHIN)
    assert claim(store) is None
    end_stage(store, lease, 1)
    assert claimed(store).run_id == waiter
    assert waits(store, waiter) == (first, 1)


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED, RunState.STOPPED])
def test_when_the_first_ends_early_one_begins_and_the_others_wait_for_it(store: Store, state: RunState) -> None:
    _, second, third = queue(store, None, (0, 1), (0, 1))
    finish(store, claimed(store), state)
    assert claimed(store).run_id == second
    assert waits(store, second) == (None, None)
    assert waits(store, third) == (second, 0)
    assert claim(store) is None


def test_what_the_first_did_finish_is_begun_with(store: Store) -> None:
    first, second, third, fourth = queue(store, None, (0, 2), (0, 2), (0, 1))
    lease = claimed(store)
    end_stage(store, lease, 0)
    finish(store, lease, RunState.FAILED)
    assert claimed(store).run_id == second
    assert waits(store, second) == (first, 0)
    assert waits(store, third) == (second, 1)
    assert claimed(store).run_id == fourth
    assert waits(store, fourth) == (first, 0)


def test_a_stage_that_a_person_stopped_is_not_begun_with(store: Store) -> None:
    _, second = queue(store, None, (0, 2))
    lease = claimed(store)
    end_stage(store, lease, 0)
    end_stage(store, lease, 1, Place.STOPPED)
    assert claim(store) is None
    finish(store, lease, RunState.STOPPED)
    assert claimed(store).run_id == second
    assert waits(store, second) == (lease.run_id, 0)


def test_a_waiting_run_that_is_cancelled_passes_on_what_it_waited_for(store: Store) -> None:
    first, second, third = queue(store, None, (0, 1), (1, 2))
    lease = claimed(store)
    with store.begin() as session:
        commands.ask(session, second, CommandKind.CANCEL, {}, "someone")
    assert claim(store) is None
    assert waits(store, third) == (first, 0)
    end_stage(store, lease, 0)
    assert claimed(store).run_id == third


def test_a_run_whose_elder_was_deleted_begins_by_itself(store: Store) -> None:
    first, second = queue(store, None, (0, 1))
    finish(store, claimed(store))
    with store.begin() as session:
        assert runs.delete_terminal(session, first)
    assert claimed(store).run_id == second
    assert waits(store, second)[0] is None


def test_the_past_goes_over_whole_and_a_rollback_leaves_nothing(store: Store) -> None:
    first, second = queue(store, None, (0, 1))
    lease = claimed(store)
    ended = end_stage(store, lease, 0)
    end_stage(store, lease, 1)
    mine = claimed(store)
    for goes_wrong in (True, False):
        with store.begin() as session:
            past = run_dependencies.find_prefix(session, session.get_one(Run, second))
            assert past is not None and past.checkpoint.id == ended
            taken = inheritance.inherited_files(session, past, second)
            changes = inheritance.inherit(session, past, taken, second, mine.last_seq)
            run = run_events.lock(session, second)
            assert run is not None
            for name, value in changes.items():
                setattr(run, name, value)
            if goes_wrong:
                session.rollback()
        if goes_wrong:
            assert violations(store, second) == [] and waits(store, second) == (first, 0)
    assert (changes["step"], changes["latest"]) == (10, {"loss": 1.0})
    assert violations(store, second) == [] and waits(store, second) == (None, None)
    with store.read() as session:
        assert session.get_one(Run, second).active_seconds == 0  # it has not trained
        assert (forks.inherited_seconds(session, second), forks.inherited_seconds(session, first)) == (1.0, 0.0)
        (checkpoint,) = artifacts.checkpoints(session, second)
        assert (checkpoint.id, checkpoint.place) == (taken[0].id, Place.END)
        assert [result.stage for result in results.of(session, [second])[second]] == [0]


@pytest.mark.parametrize("number", range(6))
def test_whatever_happens_every_run_is_claimed_in_the_end(store: Store, number: int) -> None:
    dice = random.Random(number)
    shared = [None if index == 0 else (dice.randrange(index), dice.randint(1, 3)) for index in range(8)]
    left = set(queue(store, *shared))
    held: list[Lease] = []
    for _ in range(400):
        if not left:
            break
        lease = claim(store)
        if lease is not None:
            left.discard(lease.run_id)
            held.append(lease)
        elif held:
            lease = held.pop(dice.randrange(len(held)))
            for stage in range(dice.randint(0, 3)):
                end_stage(store, lease, stage)
            finish(store, lease, dice.choice([RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED]))
            if dice.random() < 0.3:
                with store.begin() as session:
                    runs.delete_terminal(session, lease.run_id)
        elif left:
            raise AssertionError(f"{len(left)} runs wait and nobody works")
    assert not left
