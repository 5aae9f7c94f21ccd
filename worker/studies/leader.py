"""Leads one study: one turn tells the sampler what ended, ends poor trials, and begins others."""

import logging
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from backend.spec import experiment
from backend.spec.catalog import Catalog
from backend.spec.problems import SpecInvalid
from backend.spec.space import Assignment
from backend.spec.study import Budget, Study, StudyState, TrialState, trial_spec
from backend.store import references, runs, studies, tables, workers
from backend.store.session import Store
from backend.store.studies import Spent
from worker.studies.looks import Looks
from worker.studies.memory import Memory
from worker.studies.outcome import Outcome, outcome
from worker.timer import Timer

log = logging.getLogger("lathe.studies")

WEIGH_SECONDS = 5.0  # between two estimates of how much each field matters
HOPELESS = 20  # trials in a row that failed, after which the study is given up


class Superseded(Exception):
    """Another conductor leads the study now, or a person has changed it: look again."""


class Leader:
    """Leads the study `study_id` for the conductor `holder`. Every write finds the study still its own."""

    def __init__(
        self, store: Store, study_id: str, holder: str, remember: Callable[[tables.Study, Study], Memory]
    ) -> None:
        self._store, self._id, self._holder, self._remember = store, study_id, holder, remember
        self._memory: Memory | None = None
        self._generation = -1
        self._looks: dict[str, Looks] = {}
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
        if self._tell(memory):
            self._weigh(memory)
        if row.state is StudyState.RUNNING:
            self._begin(study, memory)
        self._conclude()

    def _recall(self, row: tables.Study, study: Study, trials: Sequence[tables.Trial]) -> Memory:
        """The memory of the study's generation, told what earlier ones knew when it is new."""
        if self._memory is None or row.generation != self._generation:
            self._memory, self._generation = self._remember(row, study), row.generation
            with self._store.read() as session:
                earlier = [one for one in studies.trials(session, self._id) if one.generation < row.generation]
            self._memory.seed(earlier)
            self._memory.forget(one.asked for one in trials if one.generation == row.generation)
        self._memory.study = study
        return self._memory

    def _held(self, session: Session) -> tables.Study:
        """The study, held until the transaction ends. Raises Superseded."""
        row = studies.locked(session, self._id)
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
            state = TrialState.FAILED if found.error else TrialState.COMPLETE
            studies.end(session, trial, state, values=found.values, violation=found.violation, error=found.error)

    def _tell(self, memory: Memory) -> bool:
        """Tell the sampler of every trial that is over and whose run has let go, and keep what it took. Returns whether
        there was any."""
        with self._store.read() as session:
            ended = [trial for trial in studies.open_trials(session, self._id) if trial.state.over]
            taken = {trial.number: runs.get(session, trial.run_id) for trial in ended if trial.run_id}
        for trial in ended:
            run = taken.get(trial.number)
            if run is not None and not run.state.terminal:
                continue
            if trial.asked is not None and trial.generation == self._generation:
                memory.tell(trial)
            else:
                memory.add(trial)
            with self._store.begin() as session:
                self._held(session)
                studies.told(session, studies.trial(session, trial), run)
            self._looks.pop(trial.run_id or "", None)
        return bool(ended)

    def _weigh(self, memory: Memory) -> None:
        """Keep how much each field matters, as far as is known by now."""
        if self._weighing.due():
            importance = memory.importance()
            with self._store.begin() as session:
                self._held(session).importance = importance

    # ---- poor trials

    def _prune(self, study: Study, memory: Memory, trials: Sequence[tables.Trial]) -> None:
        metric = study.objectives[0].live
        assert metric is not None, "it was checked when the study was created"
        for trial in trials:
            if trial.state is TrialState.RUNNING and trial.run_id and trial.generation == self._generation:
                with self._store.read() as session:
                    values = self._looks.setdefault(trial.run_id, Looks(trial.run_id, metric)).read(session)
                    run = runs.get(session, trial.run_id)
                trained = run is not None and run.total_steps is not None and run.step >= run.total_steps
                self._look(memory, trial, values, trained)

    def _look(self, memory: Memory, trial: tables.Trial, values: Sequence[float], trained: bool) -> None:
        """Tell of the values that are new, one by one, until one of them ends the trial; one that is `trained` to its
        end is measured, for there is nothing left to save."""
        assert trial.asked is not None
        for index in range(trial.looks, len(values)):
            poor = memory.look(trial.asked, index + 1, values[index]) and not trained
            with self._store.begin() as session:
                row = self._held(session)
                trial = studies.trial(session, trial)
                trial.looks = index + 1
                if poor and not trial.state.over:
                    looks = "one look" if index == 0 else f"{index + 1:,} looks"
                    note = f"Ended after {looks} at the validation split: others were better there."
                    studies.end(session, trial, TrialState.PRUNED, values=[values[index]], error=note)
                    studies.cancel_run(session, trial, f"the study {row.name}"[:100])
            if poor:
                return

    # ---- new trials

    def _begin(self, study: Study, memory: Memory) -> None:
        catalog: Catalog | None = None  # a large document: read when there is a trial to begin
        while True:
            with self._store.read() as session:
                row = session.get_one(tables.Study, self._id)
                waiting = [one for one in studies.open_trials(session, self._id) if one.state is TrialState.WAITING]
                room = study.parallel - studies.under_way(session, self._id)
                done = used_up(study.budget, studies.spent(session, self._id))
                hopeless = studies.failed_in_a_row(session, self._id) >= HOPELESS
            if hopeless:
                self._give_up()
            if room <= 0 or hopeless or (done and not waiting) or row.state is not StudyState.RUNNING:
                return
            catalog = catalog or self._catalog()
            if not catalog.entries:
                return
            wanted = waiting[0] if waiting else None
            number = wanted.number if wanted else row.trials
            asked = memory.ask(number, wanted.assignment if wanted else None)
            if asked is None or not self._queue(study, catalog, wanted, *asked):
                return

    def _catalog(self) -> Catalog:
        with self._store.read() as session:
            return workers.catalog(session)

    def _queue(
        self, study: Study, catalog: Catalog, wanted: tables.Trial | None, asked: int, values: Assignment
    ) -> bool:
        """Write the trial and queue its run. Returns False when there is no room for it after all."""
        with self._store.begin() as session:
            row = self._held(session)
            if studies.under_way(session, self._id) >= study.parallel:
                return False
            trial = studies.trial(session, wanted) if wanted else studies.enqueue(session, row, values)
            trial.asked, trial.generation = asked, row.generation
            try:
                document = trial_spec(study, values, trial.number)
                fitted = references.fitted(session, document, catalog)
                spec = experiment.resolve(document, fitted)
                references.check(session, spec, fitted, hold=True)
            except SpecInvalid as invalid:
                studies.end(session, trial, TrialState.FAILED, error=str(invalid))
            else:
                studies.begin(session, trial, spec)
        return True

    def _give_up(self) -> None:
        with self._store.begin() as session:
            row = self._held(session)
            last = studies.trials(session, self._id, [TrialState.FAILED])[-1]
            error = f"Given up after {HOPELESS} trials in a row that failed. The last one: {last.error}"
            studies.move(session, row, StudyState.FAILED, error)

    def _conclude(self) -> None:
        """Say that the study is over when nothing is left to do."""
        with self._store.read() as session:
            if any(one.state is TrialState.RUNNING for one in studies.open_trials(session, self._id)):
                return
        with self._store.begin() as session:
            row = self._held(session)
            open_ones = studies.open_trials(session, self._id)
            if row.state is StudyState.STOPPING and not any(one.state is TrialState.RUNNING for one in open_ones):
                studies.move(session, row, StudyState.STOPPED)
            elif row.state is StudyState.RUNNING and not open_ones and self._exhausted(session, row):
                studies.move(session, row, StudyState.FINISHED)

    def _exhausted(self, session: Session, row: tables.Study) -> bool:
        study = studies.document(row)
        return used_up(study.budget, studies.spent(session, self._id)) or self._all_tried(study, row.trials)

    def _all_tried(self, study: Study, number: int) -> bool:
        assert self._memory is not None
        try:
            self._memory.sampler.planned(study.space, study.seed, number)
        except IndexError:
            return True
        return False


def used_up(budget: Budget, spent: Spent) -> bool:
    limits = ((budget.trials, spent.trials), (budget.hours, spent.hours), (budget.joules, spent.joules))
    return any(most is not None and taken >= most for most, taken in limits)
