"""Memory of samplers: Optuna's own tables, in the same database as everything else."""

import logging
import math
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from backend.domain.study.space import Assignment, Dimension, Space, assign, contains
from backend.domain.study.study import Study
from backend.store import tables
from backend.store.engine import sqlite_module
from backend.store.session import Store
from worker.contracts.families.samplers import Sampler
from worker.contracts.families.trial_pruners import TrialPruner

optuna.logging.set_verbosity(logging.WARNING)

NUMBER, VIOLATION, SEEDED = "number", "violation", "seeded"
ENOUGH = 10  # complete trials before it is told what matters
TRIES = 20  # to make the tables, when several conductors do so at once


def open_storage(store: Store) -> RDBStorage:
    """Optuna's storage over the connections of `store`. Our migrations keep the version table that both would use."""
    engine = store.engine
    module = {"module": sqlite_module()} if engine.dialect.name == "sqlite" else {}
    for _ in range(TRIES):
        with suppress(DBAPIError):
            storage = RDBStorage(
                engine.url.render_as_string(hide_password=False),
                engine_kwargs={"pool": engine.pool, **module},
                skip_compatibility_check=True,
            )
            break
        time.sleep(0.1)
    else:
        raise RuntimeError("The tables of the samplers cannot be made.")
    if engine.dialect.name == "sqlite":
        event.listen(storage.engine, "begin", _begin)
    return storage


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def violations(trial: FrozenTrial) -> Sequence[float]:
    return [trial.user_attrs.get(VIOLATION, 0.0)]


class Memory:
    """Of one study, in one generation of its space."""

    def __init__(self, storage: RDBStorage, row: tables.Study, study: Study) -> None:
        self.study = study
        self.sampler, pruner = Sampler.choose(study.sampler), TrialPruner.choose(study.pruner)
        self.prunes = bool(pruner.facts.get("live"))
        self.plan = self.sampler.plan(study.space, study.seed)
        self._constrained = violations if study.constraints() is not None else None
        self._optuna = optuna.create_study(
            storage=storage,
            study_name=f"{row.id}.{row.generation}",
            directions=["maximize" if one.rising else "minimize" for one in study.objectives],
            pruner=pruner.build(),
            load_if_exists=True,
        )

    def seed(self, trials: Iterable[tables.Trial]) -> None:
        """Tell a new memory of the trials of wider spaces that lie in this one. Harmless when it was done before."""
        if self._optuna.user_attrs.get(SEEDED):
            return
        known = {trial.user_attrs.get(NUMBER) for trial in self._optuna.trials}
        for trial in trials:
            if trial.state.over and trial.number not in known:
                self.add(trial)
        self._optuna.set_user_attr(SEEDED, True)

    def add(self, trial: tables.Trial) -> None:
        """Adds a trial that was not asked for here, if it lies in the space and has a value."""
        if not trial.values or not contains(self.study.space, trial.assignment):
            return
        pruned = trial.state.value == "pruned"
        attributes = {NUMBER: trial.number, VIOLATION: trial.violation}
        self._optuna.add_trial(
            create_trial(
                state=TrialState.PRUNED if pruned else TrialState.COMPLETE,
                values=trial.values,
                params=encode(self.study.space, trial.assignment),
                distributions={
                    one.field: distribution(one) for one in self.study.space if one.field in trial.assignment
                },
                intermediate_values={max(trial.reported_values, 1): trial.values[0]} if pruned else {},
                user_attrs=attributes,
                system_attrs={"constraints": [trial.violation]} if self._constrained else {},
            )
        )

    def ask(self, number: int, wanted: Assignment | None = None) -> tuple[int, Assignment]:
        """Asks for the values of trial `number`, and Optuna's number for it; `wanted` if they are known already."""
        self._optuna.sampler = self._built(number)
        if wanted is not None:
            params = encode(self.study.space, wanted)
            self._optuna.enqueue_trial(params, user_attrs={NUMBER: number})
        while True:
            trial = self._optuna.ask()
            if trial.user_attrs.get(NUMBER) in (None, number):
                break
            self._optuna.tell(trial, state=TrialState.FAIL)  # asked for before a crash, and asked for again since
        trial.set_user_attr(NUMBER, number)
        return trial.number, assign(self.study.space, lambda one: _suggest(trial, one))

    def report(self, optuna_number: int, index: int, value: float) -> bool:
        """Tell of the value after the `index`-th look. Returns whether the trial is to end."""
        trial = Trial(self._optuna, self._id(optuna_number))
        trial.report(value, index)
        return trial.should_prune()

    def record(self, trial: tables.Trial) -> None:
        """Reports the end of a trial that was asked for here. Harmless when it was reported before."""
        assert trial.optuna_number is not None
        state = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}.get(trial.state.value, TrialState.FAIL)
        self._optuna.sampler = self._built(trial.number)
        with suppress(RuntimeError):  # it is over there
            self._optuna._storage.set_trial_user_attr(self._id(trial.optuna_number), VIOLATION, trial.violation)
        values = trial.values if state is TrialState.COMPLETE else None
        self._optuna.tell(trial.optuna_number, values=values, state=state, skip_if_finished=True)

    def forget(self, known: Iterable[int | None]) -> None:
        """Gives up trials that were asked for but never started because a conductor died."""
        kept = set(known)
        for trial in self._optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.number not in kept:
                self._optuna.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)

    def _built(self, number: int) -> BaseSampler:
        with warnings.catch_warnings():  # of options that may change: the version is pinned
            warnings.simplefilter("ignore", ExperimentalWarning)
            return self.sampler.build(self.study.seed, number, self._constrained)

    def importance(self) -> dict[str, float]:
        """Share of each field in the difference between good and poor trials; they sum to 1. Empty while too
        few trials are complete, or where none of them differ. By PED-ANOVA, of the first objective."""
        several = len(self.study.objectives) > 1
        if len(self._optuna.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < ENOUGH:
            return {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = get_param_importances(
                    self._optuna,
                    evaluator=PedAnovaImportanceEvaluator(),
                    params=self._always(),
                    target=(lambda trial: float(trial.values[0])) if several else None,
                )
        except (ValueError, RuntimeError):
            return {}
        return {name: share for name, share in found.items() if math.isfinite(share)}

    def _always(self) -> list[str]:
        """The fields that every trial has: others cannot be compared."""
        return [one.field for one in self.study.space if one.when is None]

    def _id(self, optuna_number: int) -> int:
        return self._optuna._storage.get_trial_id_from_study_id_trial_number(self._optuna._study_id, optuna_number)


def distribution(one: Dimension) -> BaseDistribution:
    """The dimension as Optuna has it; a choice goes by its place, since its values may be whole components."""
    if one.choice is not None:
        return CategoricalDistribution(range(len(one.choice)))
    if one.integer:
        return IntDistribution(round(one.bottom), round(one.top), log=one.log, step=round(one.step or 1))
    return FloatDistribution(one.bottom, one.top, log=one.log, step=one.step)


def _suggest(trial: Trial, one: Dimension) -> Any:
    if one.choice is not None:
        return one.choice[trial.suggest_categorical(one.field, range(len(one.choice)))]
    if one.integer:
        return trial.suggest_int(one.field, round(one.bottom), round(one.top), log=one.log, step=round(one.step or 1))
    return trial.suggest_float(one.field, one.bottom, one.top, log=one.log, step=one.step)


def encode(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """An assignment as Optuna has it."""
    by_field: Mapping[str, Callable[[Any], Any]] = {
        one.field: one.choice.index if one.choice is not None else _same for one in space
    }
    return {field: by_field[field](value) for field, value in values.items()}


def _same(value: Any) -> Any:
    return value
