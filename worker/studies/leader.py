"""Leads one study: one turn tells the sampler what ended, ends poor trials, and begins others."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.domain.catalog import Catalog
from backend.domain.experiment import experiment
from backend.domain.problems import SpecInvalid
from backend.domain.study.space import Assignment, contains
from backend.domain.study.study import Budget, Study, StudyState, TrialState, trial_spec
from backend.store import references, runs, studies, tables, workers
from backend.store.session import Store
from backend.store.trials import Spent, sum_spent
from worker.process.timer import Timer
from worker.studies.memory import Memory
from worker.studies.metric_reader import MetricReader
from worker.studies.outcome import Outcome, outcome

WEIGH_SECONDS = 5.0  # between two estimates of how much each field matters
HOPELESS = 20  # trials in a row that failed, after which the study is given up


class Superseded(Exception):
    """Raised when another conductor leads the study now, or a person has changed it."""


@dataclass(frozen=True)
class Place:
    """Number of the next trial, and the trial itself when a person has enqueued it."""

    number: int
    wanted: tables.Trial | None = None


class Leader:
    """Leads the study `study_id` for the conductor `holder`. Every write finds the study still its own."""

    def __init__(
        self, store: Store, study_id: str, holder: str, remember: Callable[[tables.Study, Study], Memory]
    ) -> None:
        self._store, self._id, self._holder, self._remember = store, study_id, holder, remember
        self._memory: Memory | None = None
        self._generation = -1
        self._readers: dict[str, MetricReader] = {}
        self._weighing = Timer(WEIGH_SECONDS)

    def turn(self) -> None:
        with self._store.read() as session:
            row = session.get_one(tables.Study, self._id)
            trials = studies.open_trials(session, self._id)
        study = studies.document(row)
        memory = self._recall(row, study, trials)
        for trial in trials:
            if trial.state is TrialState.RUNNING:
                self._finish(study, trial)
        with self._store.read() as session:
            trials = studies.open_trials(session, self._id)
        if memory.prunes:
            self._prune(study, memory, trials)
        if self._report(memory):
            self._weigh(memory)
        if row.state is StudyState.RUNNING:
            self._begin(study, memory)
        self._conclude(memory)

    def _recall(self, row: tables.Study, study: Study, trials: Sequence[tables.Trial]) -> Memory:
        """The memory of the study's generation, told what earlier ones knew when it is new."""
        if self._memory is None or row.generation != self._generation:
            self._memory, self._generation = self._remember(row, study), row.generation
            with self._store.read() as session:
                earlier = [one for one in studies.trials(session, self._id) if one.generation < row.generation]
            self._memory.seed(earlier)
            self._memory.forget(one.optuna_number for one in trials if one.generation == row.generation)
        self._memory.study = study
        return self._memory

    def _held(self, session: Session) -> tables.Study:
        """The study, held until the transaction ends. Raises Superseded."""
        row = studies.lock(session, self._id)
        if row is None or row.holder != self._holder or row.generation != self._generation:
            raise Superseded
        return row

    # ---- what ended

    def _finish(self, study: Study, trial: tables.Trial) -> None:
        with self._store.read() as session:
            run = runs.get(session, trial.run_id) if trial.run_id else None
            if run is not None and not run.state.terminal:
                return
            found = outcome(session, study, run) if run else Outcome(error="Its run was deleted.")
        with self._store.begin() as session:
            self._held(session)
            trial = studies.trial(session, trial)
            state = TrialState.COMPLETE if found.values else TrialState.FAILED
            studies.end(session, trial, state, values=found.values, violation=found.violation, error=found.error)

    def _report(self, memory: Memory) -> bool:
        """Tell the sampler of every trial that is over and whose run has let go, and keep what it took. Returns whether
        there was any."""
        with self._store.read() as session:
            ended = [trial for trial in studies.open_trials(session, self._id) if trial.state.over]
            taken = {trial.number: runs.get(session, trial.run_id) for trial in ended if trial.run_id}
        for trial in ended:
            run = taken.get(trial.number)
            if run is not None and not run.state.terminal:
                continue
            if trial.optuna_number is not None and trial.generation == self._generation:
                memory.record(trial)
            else:
                memory.add(trial)
            with self._store.begin() as session:
                self._held(session)
                studies.mark_reported(session, studies.trial(session, trial), run)
            self._readers.pop(trial.run_id or "", None)
        return bool(ended)

    def _weigh(self, memory: Memory) -> None:
        """Stores the importance of each field, as far as it is known."""
        if self._weighing.due():
            importance = memory.importance()
            with self._store.begin() as session:
                self._held(session).importance = importance

    # ---- poor trials

    def _prune(self, study: Study, memory: Memory, trials: Sequence[tables.Trial]) -> None:
        metric = study.objectives[0].live
        assert metric is not None, "it was checked when the study was created"
        for trial in trials:
            known = trial.optuna_number is not None and trial.generation == self._generation
            if known and trial.state is TrialState.RUNNING and trial.run_id:
                with self._store.read() as session:
                    values = self._readers.setdefault(trial.run_id, MetricReader(trial.run_id, metric)).read(session)
                    run = runs.get(session, trial.run_id)
                trained = run is not None and run.total_steps is not None and run.step >= run.total_steps
                self._report_values(memory, trial, values, trained)

    def _report_values(self, memory: Memory, trial: tables.Trial, values: Sequence[float], trained: bool) -> None:
        """Tell of the values that are new, one by one, until one of them ends the trial; one that is `trained` to its
        end is measured, for there is nothing left to save."""
        assert trial.optuna_number is not None
        for index in range(trial.reported_values, len(values)):
            poor = memory.report(trial.optuna_number, index + 1, values[index]) and not trained
            with self._store.begin() as session:
                row = self._held(session)
                trial = studies.trial(session, trial)
                trial.reported_values = index + 1
                if poor and not trial.state.over:
                    values_text = "one look" if index == 0 else f"{index + 1:,} looks"
                    note = f"Ended after {values_text} at the validation split: other trials were better at that point."
                    come_to = [values[index]] if math.isfinite(values[index]) else []
                    studies.end(session, trial, TrialState.PRUNED, values=come_to, error=note)
                    studies.cancel_run(session, trial, f"the study {row.name}"[:100])
            if poor:
                return

    # ---- new trials

    def _begin(self, study: Study, memory: Memory) -> None:
        """Begin trials while there is room for one: first those that people ask for."""
        catalog: Catalog | None = None  # a large document: read when there is a trial to begin
        while (place := self._place(study)) is not None:
            catalog = catalog or self._catalog()
            if not catalog.entries or not self._begin_one(study, memory, catalog, place):
                return

    def _place(self, study: Study) -> Place | None:
        """Place of the next trial; None when none may begin now."""
        with self._store.read() as session:
            if studies.under_way(session, self._id) >= study.parallel:
                return None
            row = session.get_one(tables.Study, self._id)
            waiting = [one for one in studies.open_trials(session, self._id) if one.state is TrialState.WAITING]
            hopeless = studies.failed_in_a_row(session, self._id, HOPELESS) >= HOPELESS
            done = used_up(study.budget, sum_spent(session, self._id))
        if hopeless:
            self._give_up()
        if hopeless or (done and not waiting) or row.state is not StudyState.RUNNING:
            return None
        return Place(waiting[0].number, waiting[0]) if waiting else Place(row.trials)

    def _begin_one(self, study: Study, memory: Memory, catalog: Catalog, place: Place) -> bool:
        """Starts one trial. Returns False when there is nothing left to try, or no room for it after all."""
        wanted = place.wanted.assignment if place.wanted else None
        if wanted is None and memory.plan is not None and (wanted := self._planned(memory.plan)) is None:
            return False
        if wanted is not None and not contains(study.space, wanted):
            return self._queue(study, catalog, place.wanted, None, wanted)  # asked for before the space was narrowed
        return self._queue(study, catalog, place.wanted, *memory.ask(place.number, wanted))

    def _planned(self, plan: Sequence[Assignment]) -> Assignment | None:
        """The first of the plan that no trial has tried."""
        with self._store.read() as session:
            tried = {_key(one) for one in studies.list_tried(session, self._id)}
        return next((one for one in plan if _key(one) not in tried), None)

    def _catalog(self) -> Catalog:
        with self._store.read() as session:
            return workers.catalog(session)

    def _queue(
        self, study: Study, catalog: Catalog, wanted: tables.Trial | None, optuna_number: int | None, values: Assignment
    ) -> bool:
        """Write the trial and queue its run. Returns False when there is no room for it after all."""
        with self._store.begin() as session:
            row = self._held(session)
            if studies.under_way(session, self._id) >= study.parallel:
                return False
            trial = studies.trial(session, wanted) if wanted else studies.enqueue(session, row, values)
            trial.optuna_number, trial.generation = optuna_number, row.generation
            try:
                document = trial_spec(study, values, trial.number)
                fitted = references.fit_catalog(session, document, catalog)
                spec = experiment.resolve(document, fitted)
                references.check(session, spec, fitted, hold=True)
            except SpecInvalid as invalid:
                studies.end(session, trial, TrialState.FAILED, error=str(invalid))
            else:
                studies.start(session, trial, spec)
        return True

    def _give_up(self) -> None:
        with self._store.begin() as session:
            row = self._held(session)
            last = studies.trials(session, self._id, [TrialState.FAILED])[-1]
            studies.give_up(
                session, row, f"Given up after {HOPELESS} failed trials in a row. The last one: {last.error}"
            )

    def _conclude(self, memory: Memory) -> None:
        """Ends the study when nothing is left to do."""
        with self._store.read() as session:
            over = self._end(session, memory)
        if over is not None:
            with self._store.begin() as session:
                row = self._held(session)
                if self._end(session, memory) is over:
                    studies.move(session, row, over)

    def _end(self, session: Session, memory: Memory) -> StudyState | None:
        """End that the study has reached by now; None while it goes on."""
        row = session.get_one(tables.Study, self._id)
        open_ones = studies.open_trials(session, self._id)
        if row.state is StudyState.STOPPING and not any(one.state is TrialState.RUNNING for one in open_ones):
            return StudyState.STOPPED
        if row.state is not StudyState.RUNNING or open_ones:
            return None
        done = used_up(studies.document(row).budget, sum_spent(session, self._id))
        tried = memory.plan is not None and self._planned(memory.plan) is None
        return StudyState.FINISHED if done or tried else None


def _key(values: Assignment) -> str:
    return json.dumps(values, sort_keys=True)


def used_up(budget: Budget, spent: Spent) -> bool:
    limits = ((budget.trials, spent.trials), (budget.hours, spent.hours), (budget.joules, spent.joules))
    return any(most is not None and taken >= most for most, taken in limits)
