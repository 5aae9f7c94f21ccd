"""Queueing of runs that start from another run's prefix: forks and counterfactual runs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import BackgroundTasks, Depends
from sqlalchemy.orm import Session

from backend.api import staging
from backend.api.deps import CatalogDep, CreationDep, HintsDep, SettingsDep, StoreDep
from backend.api.experiments import created_of
from backend.api.schemas.submission import ExperimentCreated
from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment
from backend.errors import Conflict, RunNotFound
from backend.store import experiments, idempotency, inheritance, references, run_events, tables
from backend.store.clock import new_id
from backend.store.forks import Prefix, Unforkable
from backend.store.inheritance import InheritedFile


@dataclass(frozen=True)
class ForkPlan:
    """A run to create from run `of`: with its history up to a checkpoint, or from the start. `mark` changes its row."""

    of: str
    spec: Experiment
    prefix: Prefix | None
    mark: Callable[[Session, tables.Run, tables.Run], None] = lambda session, parent, run: None


@dataclass(frozen=True)
class ForkQueue:
    """Everything that a request needs to queue such a run."""

    store: StoreDep
    settings: SettingsDep
    catalog: CatalogDep
    creation: CreationDep
    hints: HintsDep
    after: BackgroundTasks

    def once(self, find: Callable[[], ForkPlan]) -> ExperimentCreated:
        """Queue what `find` finds, once for each key, and wake the workers. Raises Conflict, and whatever `find` raises."""
        created = idempotency.known(self.store, self.creation, created_of)
        if created is None:
            try:
                created = self._queue(find())
            except Unforkable as error:
                raise Conflict(str(error)) from error
        self.after.add_task(self.hints.wake)
        return created

    def _queue(self, plan: ForkPlan) -> ExperimentCreated:
        child = new_id()
        rows = partial(_created, new=plan, catalog=self.catalog, child=child)
        if plan.prefix is None:
            return idempotency.once(self.store, self.creation, created_of, partial(rows, taken=[]))
        with staging.of_runs(self.store, self.settings.data_dir).filling(child):
            taken = inheritance.take(self.store, self.settings.data_dir, plan.prefix, child)
            return idempotency.once(self.store, self.creation, created_of, partial(rows, taken=taken))


QueueDep = Annotated[ForkQueue, Depends()]


def _created(session: Session, new: ForkPlan, catalog: Catalog, taken: list[InheritedFile], child: str) -> str:
    """The rows of the run, whose files are in their place. The parent cannot be deleted meanwhile."""
    parent = run_events.lock(session, new.of)
    if parent is None:
        raise RunNotFound(new.of)
    if new.prefix:
        inheritance.hold(session, new.prefix, taken)
    references.check(session, new.spec, catalog, hold=True)
    experiment_id, runs = experiments.create(session, new.spec, [parent.seed], [child])
    if new.prefix:
        inheritance.queue(session, runs[0], new.prefix, taken)
    new.mark(session, parent, runs[0])
    session.flush()
    return experiment_id
