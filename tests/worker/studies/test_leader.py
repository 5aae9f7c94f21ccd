"""A conductor leads studies on both databases, over runs that the test plays."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.domain.study.check import resolve
from backend.domain.study.space import Dimension
from backend.domain.study.study import StudyState, TrialState
from backend.store import runs, studies, tables, trials, workers
from backend.store.chunks import Chunk, encode
from backend.store.runs import Lease
from backend.store.session import Store
from tests.backend.domain.test_study import LR, study
from worker.contracts.component import discover
from worker.studies.conductor import StudyConductor
from worker.studies.leader import Leader, Superseded

discover()
Score = Callable[[dict[str, Any], int], float]
"""Validation metric of a trial after a number of epochs."""


class Stage:
    """A study, the conductor that leads it, and a worker that only says what its runs came to."""

    def __init__(self, store: Store, catalog: Catalog, folder: Path, score: Score, epochs: int = 1) -> None:
        self.store, self.catalog, self.score, self.epochs = store, catalog, score, epochs
        self.settings = Settings(data_dir=folder, database=store.engine.url.render_as_string(hide_password=False))
        with store.begin() as session:
            workers.announce(session, "w", "w", {}, catalog)
        self.conductor = StudyConductor(self.settings)
        self.id, self.metric = "", "validation/accuracy"
        self.live: dict[str, tuple[tables.Run, Lease, int]] = {}

    def begin(self, **changes: Any) -> str:
        with self.store.begin() as session:
            self.id = studies.create(session, resolve(study(**changes), self.catalog)).id
        return self.id

    @property
    def row(self) -> tables.Study:
        with self.store.read() as session:
            return session.get_one(tables.Study, self.id)

    @property
    def trials(self) -> list[tables.Trial]:
        with self.store.read() as session:
            return studies.trials(session, self.id)

    def work(self) -> None:
        """One epoch of every run that is live, and a new run for each that is queued."""
        with self.store.begin() as session:
            while (run := runs.claim(session, "w")) is not None:
                self.live[run.id] = (run, Lease.of(run), 0)
        for run, lease, epoch in list(self.live.values()):
            self._epoch(run, lease, epoch + 1)

    def _epoch(self, run: tables.Run, lease: Lease, epoch: int) -> None:
        with self.store.begin() as session:
            if studies.commands.pending(session, run.id):
                runs.finish(session, lease, RunState.CANCELLED, None)
                del self.live[run.id]
                return
            value = self.score(self._values(run.id), epoch)
            if np.isnan(value):
                runs.finish(session, lease, RunState.FAILED, "The loss is nan.")
                del self.live[run.id]
                return
            chunk = Chunk(0, np.array([epoch]), np.array([float(epoch)]), {self.metric: np.array([value])})
            event = NewEvent(kind=EventKind.POINTS, body={}, chunk=encode(chunk))
            latest = {self.metric: value} if np.isfinite(value) else {}
            runs.write(
                session, lease, [event], step=epoch, total_steps=self.epochs, latest=latest, active_seconds=float(epoch)
            )
            if epoch == self.epochs:
                runs.finish(session, lease, RunState.SUCCEEDED, None)
                del self.live[run.id]
            else:
                self.live[run.id] = (run, lease, epoch)

    def _values(self, run_id: str) -> dict[str, Any]:
        return next(trial.assignment for trial in self.trials if trial.run_id == run_id)

    def lead(self, turns: int = 1) -> None:
        for _ in range(turns):
            self.conductor._tick()

    def until_over(self, most: int = 400) -> None:
        for _ in range(most):
            self.lead()
            if self.row.state.over:
                return
            self.work()
        raise AssertionError(f"the study is {self.row.state} with {[trial.state for trial in self.trials]}")

    def replace_conductor(self) -> None:
        """As after a kill: the old one says nothing, the new one finds that nobody leads."""
        with self.store.begin() as session:
            studies.release(session, self.conductor.id)
        self.conductor.close()
        self.conductor = StudyConductor(self.settings)


Make = Callable[..., Stage]
embedded = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""Storage of tests that concern the sampler alone: the faster database."""


@pytest.fixture
def make(store: Store, catalog: Catalog, tmp_path: Path) -> Iterator[Make]:
    made: list[Stage] = []

    def stage(score: Score = lambda values, epoch: 1 - abs(np.log10(values[LR] / 0.01)), epochs: int = 1) -> Stage:
        made.append(Stage(store, catalog, tmp_path, score, epochs))
        return made[-1]

    yield stage
    for one in made:
        one.conductor.close()


def enqueue(stage: Stage, values: dict[str, Any], by: str) -> int:
    """Enqueues a trial as a person does; returns its number."""
    with stage.store.begin() as session:
        row = studies.lock(session, stage.id)
        assert row is not None
        return studies.enqueue(session, row, values, by).number


def test_a_study_runs_to_the_end_of_its_budget_and_finds_the_best(make: Make) -> None:
    stage = make()
    stage.begin(budget={"trials": 16}, parallel=2)
    stage.until_over()
    assert stage.row.state is StudyState.FINISHED
    assert [trial.number for trial in stage.trials] == list(range(16))
    assert all(trial.state is TrialState.COMPLETE and trial.reported for trial in stage.trials)
    with stage.store.read() as session:
        best = trials.best(session, stage.id, rising=True)
    assert best is not None and best.values[0] == max(trial.values[0] for trial in stage.trials)
    assert best.values[0] > 0.7, "TPE comes near 0.01"
    assert set(stage.row.importance) <= {LR}


@embedded
def test_a_grid_is_tried_whole_and_once(make: Make) -> None:
    stage = make()
    space = [{"field": LR, "low": 1e-3, "high": 1e-1, "points": 3, "log": True}, {"field": "seed", "choice": [1, 2]}]
    stage.begin(space=space, sampler="grid", budget={}, parallel=3)
    stage.until_over()
    tried = [(round(trial.assignment[LR], 9), trial.assignment["seed"]) for trial in stage.trials]
    assert sorted(tried) == [(lr, seed) for lr in (0.001, 0.01, 0.1) for seed in (1, 2)]


@embedded
@pytest.mark.parametrize("sampler", ["random", "quasi_random", "tpe", "cma_es", "nsga2", "nsga3"])
def test_every_sampler_draws_within_the_space_and_the_same_after_a_restart(sampler: str, make: Make) -> None:
    def tried(restarts: bool) -> list[dict[str, Any]]:
        stage = make()
        space = [
            {"field": LR, "low": 1e-3, "high": 1e-1, "log": True},
            {"field": "stages[0].optimizer.momentum", "low": 0.0, "high": 0.9},
        ]
        stage.begin(sampler={"kind": sampler}, budget={"trials": 4}, parallel=1, seed=3, space=space)
        for _ in range(2):
            stage.lead()
            stage.work()
        if restarts:
            stage.replace_conductor()
        stage.until_over()
        assert stage.row.state is StudyState.FINISHED
        return [trial.assignment for trial in stage.trials]

    straight = tried(restarts=False)
    assert all(1e-3 <= one[LR] <= 1e-1 for one in straight)
    assert len({one[LR] for one in straight}) == 4
    assert tried(restarts=True) == straight


@embedded
def test_poor_trials_are_ended_early_and_good_ones_are_measured(make: Make) -> None:
    stage = make(score=lambda values, epoch: (1 - abs(np.log10(values[LR] / 0.01))) * epoch / 9, epochs=9)
    space = [{"field": LR, "low": 1e-4, "high": 1, "log": True, "points": 9}]
    stage.begin(space=space, sampler="grid", budget={}, pruner={"kind": "asha", "first": 1, "factor": 3}, parallel=3)
    stage.until_over()
    ended = {state: [one for one in stage.trials if one.state is state] for state in TrialState}
    assert ended[TrialState.PRUNED] and ended[TrialState.COMPLETE]
    best = max(stage.trials, key=lambda one: one.values[0])
    assert best.state is TrialState.COMPLETE and best.assignment[LR] == pytest.approx(0.01)
    assert all(one.steps < 9 for one in ended[TrialState.PRUNED])
    assert sum(one.steps for one in stage.trials) < 0.7 * 9 * 9


@embedded
def test_a_trial_whose_loss_is_infinite_is_ended_early(make: Make) -> None:
    stage = make(score=lambda values, epoch: float("inf") if values[LR] > 0.01 else 0.5, epochs=3)
    stage.metric = "validation/loss"
    space = [{"field": LR, "choice": [0.001, 0.1]}]
    objectives = [{"measure": "validation/loss"}]
    stage.begin(space=space, objectives=objectives, sampler="grid", budget={}, pruner="asha")
    stage.until_over()
    ended = {trial.assignment[LR]: (trial.state, trial.values) for trial in stage.trials}
    assert ended == {0.001: (TrialState.COMPLETE, [0.5]), 0.1: (TrialState.PRUNED, [])}


@embedded
def test_failed_runs_are_failed_trials_and_many_end_the_study(make: Make) -> None:
    stage = make(score=lambda values, epoch: float("nan"))
    stage.begin(budget={"trials": 100}, sampler="random")
    stage.until_over()
    assert stage.row.state is StudyState.FAILED
    assert stage.row.error and "20 failed trials in a row" in stage.row.error and "nan" in stage.row.error
    assert {trial.state for trial in stage.trials} == {TrialState.FAILED}


@embedded
def test_constraints_keep_what_misses_them_from_being_the_best(make: Make) -> None:
    stage = make()
    stage.begin(constraint="bytes < 10KB", budget={"trials": 3}, sampler="random")
    stage.until_over()
    assert all(trial.state is TrialState.COMPLETE and trial.violation > 0 for trial in stage.trials)
    assert all(
        trial.error and trial.error.startswith("It misses the constraint: its `bytes` ") for trial in stage.trials
    )
    with stage.store.read() as session:
        assert trials.best(session, stage.id, rising=True) is None


def test_what_a_person_asks_for_is_tried_next(make: Make) -> None:
    stage = make()
    stage.begin(budget={"trials": 4}, parallel=1)
    stage.lead()
    wanted = enqueue(stage, {LR: 0.0123}, "ann")
    stage.until_over()
    done = stage.trials[wanted]
    assert (done.assignment, done.by, done.state) == ({LR: 0.0123}, "ann", TrialState.COMPLETE)
    assert [one.number for one in stage.trials] == list(range(len(stage.trials)))


def test_a_narrowed_study_draws_within_and_keeps_what_it_knows(make: Make) -> None:
    stage = make()
    stage.begin(budget={"trials": 12}, parallel=1)
    for _ in range(5):
        stage.lead()
        stage.work()
    before = len(stage.trials)
    narrow = Dimension(field=LR, low=0.005, high=0.02, log=True)
    with stage.store.begin() as session:
        row = studies.lock(session, stage.id)
        assert row is not None
        studies.narrow(session, row, [narrow])
    stage.until_over()
    assert stage.row.generation == 1
    drawn = [trial for trial in stage.trials if trial.generation == 1]
    assert drawn and all(narrow.contains(trial.assignment[LR]) for trial in drawn)
    assert len(stage.trials) == 12 and before < 12
    with stage.store.read() as session:
        name = f"{stage.id}.1"
        query = (
            "SELECT count(*) FROM trials JOIN studies ON trials.study_id = studies.study_id WHERE study_name = :name"
        )
        known = session.scalar(text(query), {"name": name})
    inside = [trial for trial in stage.trials if narrow.contains(trial.assignment[LR])]
    assert known == len(inside)


def asked_and_forgotten(stage: Stage) -> int:
    """Trials that Optuna thinks are under way."""
    query = (
        "SELECT count(*) FROM trials JOIN studies ON trials.study_id = studies.study_id "
        "WHERE study_name LIKE :name AND state = 'RUNNING'"
    )
    with stage.store.read() as session:
        return session.scalar(text(query), {"name": f"{stage.id}.%"}) or 0


def test_a_crash_between_asking_and_queueing_loses_no_trial(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = make()
    stage.begin(budget={"trials": 5}, parallel=1)

    def crash(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(studies, "start", crash)
        with pytest.raises(SystemExit):
            stage.lead(2)
    assert stage.trials == [] and asked_and_forgotten(stage) == 1
    stage.replace_conductor()
    stage.until_over()
    assert [trial.number for trial in stage.trials] == list(range(5))
    assert all(trial.state is TrialState.COMPLETE for trial in stage.trials)
    assert asked_and_forgotten(stage) == 0


@embedded
def test_a_person_takes_no_point_away_from_the_grid(make: Make) -> None:
    stage = make()
    space = [{"field": LR, "low": 1e-3, "high": 1e-1, "points": 3, "log": True}]
    stage.begin(space=space, sampler="grid", budget={}, parallel=1)
    enqueue(stage, {LR: 0.05}, "ann")
    stage.until_over()
    tried = sorted(round(trial.assignment[LR], 9) for trial in stage.trials)
    assert tried == [0.001, 0.01, 0.05, 0.1]


@embedded
def test_what_was_asked_for_before_the_space_was_narrowed_is_tried_all_the_same(make: Make) -> None:
    stage = make()
    choices = [{"field": "stages[0].optimizer", "choice": ["sgd", "adam", "rmsprop"]}]
    stage.score = lambda values, epoch: 0.5
    stage.begin(space=choices, budget={"trials": 6}, parallel=1, pruner="median")
    stage.lead()
    wanted = enqueue(stage, {"stages[0].optimizer": "rmsprop"}, "ann")
    with stage.store.begin() as session:
        row = studies.lock(session, stage.id)
        assert row is not None
        studies.narrow(session, row, [Dimension(field="stages[0].optimizer", choice=["sgd", "adam"])])
    stage.until_over()
    assert stage.row.state is StudyState.FINISHED
    assert stage.trials[wanted].state is TrialState.COMPLETE
    later = [trial.assignment["stages[0].optimizer"] for trial in stage.trials if trial.number > wanted]
    assert later and "rmsprop" not in later


@embedded
def test_a_study_that_was_changed_in_the_midst_of_a_turn_is_led_on_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = make()
    stage.begin(budget={"trials": 3}, parallel=1)
    stage.lead()
    with monkeypatch.context() as patch:
        patch.setattr(Leader, "turn", lambda leader: (_ for _ in ()).throw(Superseded()))
        stage.lead()
    assert stage.conductor._leaders == {}
    stage.lead()
    assert stage.id in stage.conductor._leaders


def test_two_conductors_do_not_lead_one_study(make: Make) -> None:
    stage = make()
    stage.begin(budget={"trials": 6}, parallel=2)
    other = StudyConductor(stage.settings)
    for _ in range(40):
        stage.lead()
        other._tick()
        assert not (stage.conductor._leaders and other._leaders)
        stage.work()
    other.close()
    assert stage.row.state is StudyState.FINISHED and len(stage.trials) == 6
