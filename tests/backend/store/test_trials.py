"""The database counts, sorts and sums trials as Python does with the same rows; on both databases."""

from dataclasses import dataclass

import numpy as np
import pytest

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.states import JOULES
from backend.domain.study.study import Study, TrialState
from backend.store import studies, tables, trials
from backend.store.clock import now
from backend.store.session import Store
from tests.backend.domain.test_study import LR, study

SPEC = Experiment(name="A run", dataset={"kind": "data"}, model={"kind": "net"}, stages=[{"kind": "train"}])
ALL = [*TrialState]


@dataclass
class Searched:
    store: Store
    id: str
    rows: list[tables.Trial]


@pytest.fixture
def searched(store: Store) -> Searched:
    """Sixty trials of every state, many of equal worth, some of which miss the constraint."""
    luck = np.random.default_rng(2)
    with store.begin() as session:
        row = studies.create(session, Study.model_validate(study()))
        for number in range(60):
            trial = studies.enqueue(session, row, {LR: 10.0 ** -luck.integers(1, 9)})
            trial.state = ALL[luck.integers(len(ALL))]
            if trial.state is not TrialState.WAITING:
                trial.began_at, trial.seconds = now(), float(luck.integers(5))
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                trial.values = [[-2.5, 0, 1e-7, 7, 12345.678][luck.integers(5)]]
                trial.violation = float(luck.integers(-1, 2)) if number % 3 else 0.0
        other = studies.create(session, Study.model_validate(study()))
        studies.enqueue(session, other, {LR: 1.0})
    with store.read() as session:
        return Searched(store, row.id, studies.trials(session, row.id))


def numbers(searched: Searched, sort: trials.Sort, *, rising: bool = True, descending: bool = True) -> list[int]:
    """Every page's trials, one after the other."""
    found: list[int] = []
    for offset in range(0, 70, 7):
        with searched.store.read() as session:
            page, total = trials.page(
                session, searched.id, sort, rising=rising, descending=descending, offset=offset, limit=7
            )
        assert total == 60
        found += [trial.number for trial in page]
    return found


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("rising", [True, False])
def test_pages_hold_each_trial_once_in_order(searched: Searched, rising: bool, descending: bool) -> None:
    sign = -1 if descending else 1

    def worth(one: tables.Trial) -> tuple[bool, float]:
        complete = one.state is TrialState.COMPLETE
        return not complete, (sign if rising else -sign) * one.values[0] if complete else 0

    by_value = sorted(searched.rows, key=worth)
    by_seconds = sorted(searched.rows, key=lambda one: sign * one.seconds)
    for sort, expected in (("value", by_value), ("seconds", by_seconds), ("number", searched.rows[::sign])):
        assert numbers(searched, sort, rising=rising, descending=descending) == [one.number for one in expected], sort  # type: ignore[arg-type]


@pytest.mark.parametrize("rising", [True, False])
def test_the_best_is_the_first_of_the_best(searched: Searched, rising: bool) -> None:
    able = [one for one in searched.rows if one.state is TrialState.COMPLETE and one.violation <= 0]
    expected = min(able, key=lambda one: (-one.values[0] if rising else one.values[0], one.number))
    with searched.store.read() as session:
        best = trials.best(session, searched.id, rising)
    assert best is not None and best.number == expected.number


def test_trials_are_counted_by_state(searched: Searched) -> None:
    with searched.store.read() as session:
        counts = trials.counts(session, [searched.id, "none"])
    states = [one.state for one in searched.rows]
    assert counts == {searched.id: {state: states.count(state) for state in ALL if state in states}, "none": {}}


def test_attempts_begin_where_they_are_asked_for(searched: Searched) -> None:
    with searched.store.read() as session:
        read = trials.attempts(session, searched.id, since=40)
    reported = [
        (one.number, one.state, one.assignment, one.values, one.violation, one.began_at) for one in searched.rows
    ]
    assert [(one.number, one.state, one.assignment, one.values, one.violation, one.began) for one in read] == reported[
        40:
    ]


def test_what_was_spent_is_what_runs_know_and_what_is_kept_of_those_that_are_gone(store: Store) -> None:
    with store.begin() as session:
        row = studies.create(session, Study.model_validate(study()))
        known, kept, _ = (studies.enqueue(session, row, {LR: 0.1}) for _ in range(3))  # the last one waits
        for trial, seconds, joules in ((known, 60.0, 7.5), (kept, 30.0, None)):
            run = studies.start(session, trial, SPEC)
            run.active_seconds, run.latest = seconds, {"loss": 1.0, **({JOULES: joules} if joules else {})}
            studies.mark_reported(session, trial, run)
            run.active_seconds += 10.0  # until it has let go of its device
        study_id, gone = row.id, run
    with store.read() as session:
        assert trials.sum_spent(session, study_id) == trials.Spent(2, 110.0 / 3600, 7.5)
        assert trials.sum_spent(session, "none") == trials.Spent(0, 0.0, 0.0)
    with store.begin() as session:
        session.delete(session.get_one(tables.Run, gone.id))
    with store.read() as session:
        assert trials.sum_spent(session, study_id) == trials.Spent(2, 100.0 / 3600, 7.5)
