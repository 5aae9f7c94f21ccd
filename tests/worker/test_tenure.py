"""A run in the hands of its worker moves between its states as they allow, whatever happens in whatever order."""

import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from time import monotonic

import pytest

from backend.domain.run.commands import CommandKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import commands
from backend.store.session import Store
from tests.worker.supervising import claim
from worker.pipe.messages import Finished, Progress
from worker.supervisor.owned_run import OwnedRun
from worker.supervisor.tenure import MOVES, Tenure

LENGTH = 3  # of the sequences: each state is reached within as many acts


def reached(begin: Tenure) -> set[Tenure]:
    found, left = set[Tenure](), [begin]
    while left:
        state = left.pop()
        if state not in found:
            found.add(state)
            left += MOVES[state]
    return found


@pytest.mark.parametrize(("state", "to"), list(product(Tenure, Tenure)))
def test_a_move_is_made_or_refused(state: Tenure, to: Tenure) -> None:
    if to in MOVES[state]:
        assert state.to(to) is to
    else:
        with pytest.raises(AssertionError, match=f"that is {state} cannot be {to} next"):
            state.to(to)


def test_every_state_can_be_reached_and_can_end() -> None:
    assert reached(Tenure.CLAIMED) == set(Tenure)
    assert all(Tenure.OVER in reached(state) for state in Tenure)


def test_nothing_goes_back_behind_the_last_word() -> None:
    assert all(to.ends for state in Tenure if state.ends for to in MOVES[state])
    assert not any(state.has_trainer and state.ends for state in Tenure)


# ---- every order of what can happen


def begin(held: OwnedRun) -> None:
    if held.idle:
        held.begin()


def word(held: OwnedRun) -> None:
    if held.assigned:
        held.take([Progress(0, 1, 10, 0.1)])


def last_word(held: OwnedRun) -> None:
    if held.assigned:
        held.take([Finished(RunState.SUCCEEDED)])


def death(held: OwnedRun) -> None:
    held.trainer_ended("It died.")


def leave(held: OwnedRun) -> None:
    if not held.leaving:
        held.leave(monotonic() + 60)


def cancel(held: OwnedRun) -> None:
    if not held.over:
        with held._store.begin() as session:
            commands.ask(session, held.id, CommandKind.CANCEL, {}, "someone")
        held.new_commands()


def spoil(held: OwnedRun) -> None:
    if held.backlog:
        held.spoilt(ValueError("x"))


def flush(held: OwnedRun) -> None:
    held.flush()


ACTS = (begin, word, last_word, death, leave, cancel, spoil, flush)


def walk(held: OwnedRun, acts: tuple[Callable[[OwnedRun], None], ...]) -> Iterator[Tenure]:
    """The states of the run after each act, which left at most one last word."""
    for act in acts:
        act(held)
        assert sum(isinstance(said, Finished) for said in held.backlog) == held.ending
        assert (held.outcome is not None) == held.over
        assert held.idle + held.assigned + held.ending + held.over == 1
        yield held._tenure


def walks(store: Store, folder: Path) -> set[Tenure]:
    """Every sequence of acts, each on a run that was claimed for it; the states that were there."""
    settings = Settings(data_dir=folder)
    return {
        state for acts in product(ACTS, repeat=LENGTH) for state in walk(OwnedRun(store, settings, claim(store)), acts)
    }


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path)}")
    yield store
    store.close()


def test_whatever_happens_a_run_has_one_state_and_one_last_word(sqlite: Store, tmp_path: Path) -> None:
    assert walks(sqlite, tmp_path) == set(Tenure)


def test_the_walk_catches_a_second_last_word(sqlite: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OwnedRun, "idle", property(lambda held: not held.assigned))  # one whose last word is said too
    with pytest.raises(AssertionError):
        walks(sqlite, tmp_path)
