"""Compares two computations of the same steps bit by bit, as the database holds them.

A fork is compared with its parent. A run that went back to a checkpoint is compared with its own earlier values.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.domain.run.commands import PlannedCommand
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store import events, results, steering
from backend.store.events import Curve
from backend.store.tables import Event, Run

Curves = Mapping[str, Curve]

STEPS_AT_ONCE = 50_000

UNTRAINED = ("name", "seed", "measure", "diagnosis", "commands", "alerts")
"""Fields of a spec that do not say what is computed; the run's own seed, and what was turned, are compared by themselves."""


@dataclass(frozen=True)
class Difference:
    step: int
    metric: str
    here: float
    there: float


@dataclass(frozen=True)
class Agreement:
    """Values that both have of the same metric at the same step, and the first that is not the same."""

    points: int = 0
    metrics: int = 0
    first: int | None = None  # step of the first that was compared
    last: int | None = None
    difference: Difference | None = None


@dataclass(frozen=True)
class Kinship:
    """A fork beside its parent, beyond the step up to which it is a copy."""

    parent: Run
    points: Agreement
    weights: Mapping[int, bool]  # stage that both have finished -> whether the weights' hashes are the same
    changed: bool  # whether spec or commands differ
    live: bool  # whether one of the two goes on


@dataclass(frozen=True)
class Resumption:
    """Values that a run computed again after it went back to a checkpoint, beside those that it had written before."""

    times: int
    points: Agreement


def kinship(session: Session, run: Run) -> Kinship | None:
    """None of a run that began with no other's prefix and is no counterfactual run, or whose parent is gone.

    A counterfactual run that started again is compared with its run from the first step on.
    """
    older = run.parent_id or run.counterfactual_of
    parent = session.get(Run, older) if older else None
    if parent is None:
        return None
    step, stage = run.fork_step or 0, run.fork_stage or 0
    return Kinship(
        parent,
        compare(_beside(session, run, parent, step + 1)),
        _weights(session, run, parent, stage),
        _changed(session, run, parent, step),
        not (run.state.terminal and parent.state.terminal),
    )


def resumption(session: Session, run: Run) -> Resumption | None:
    """None of a run that was never interrupted. What a fork took over from its parent is the parent's."""
    began = _began(session, run.id)
    times = _times(session, run.id, began)
    if not times:
        return None
    return Resumption(times, compare(_again(session, run, began)))


def _beside(session: Session, run: Run, parent: Run, first: int) -> Iterator[tuple[Curves, Curves]]:
    """The curves of both from this step on, so many steps at a time: those of long runs do not fit into memory."""
    last = max(run.step, parent.step)
    for begin in range(first, max(first, last) + 1, STEPS_AT_ONCE):
        end = begin + STEPS_AT_ONCE - 1 if begin + STEPS_AT_ONCE <= last else None
        mine, theirs = (
            events.curves(events.chunks(session, one.id, first=begin, last=end)[1]) for one in (run, parent)
        )
        yield mine, theirs


def _again(session: Session, run: Run, began: int) -> Iterator[tuple[Curves, Curves]]:
    """Points that were withdrawn, a piece at a time, and the points now shown at their steps."""
    for gone in events.withdrawn(session, run.id, after=began):
        first, last = int(gone.steps[0]), int(gone.steps[-1])
        _, shown = events.chunks(session, run.id, metrics=list(gone.metrics), first=first, last=last)
        yield events.curves([gone]), events.curves(shown)


def compare(pairs: Iterable[tuple[Curves, Curves]]) -> Agreement:
    """Every value of the first of a pair beside the one that the second has at that step, if it has one. Steps of a
    curve rise."""
    points, metrics = 0, set()
    steps: list[int] = []
    differences: list[Difference] = []
    for piece, whole in pairs:
        for name, curve in piece.items():
            if name not in whole:
                continue
            common, mine, theirs = np.intersect1d(curve.steps, whole[name].steps, return_indices=True)
            if not len(common):
                continue
            here, there = curve.values[mine], whole[name].values[theirs]
            points, steps = points + len(common), [*steps, int(common[0]), int(common[-1])]
            metrics.add(name)
            if (unlike := np.flatnonzero(here.view(np.int64) != there.view(np.int64))).size:
                at = int(unlike[0])
                differences.append(Difference(int(common[at]), name, float(here[at]), float(there[at])))
    first = min(differences, key=lambda one: (one.step, one.metric), default=None)
    return Agreement(points, len(metrics), min(steps, default=None), max(steps, default=None), first)


def _weights(session: Session, run: Run, parent: Run, first: int) -> dict[int, bool]:
    found = results.of(session, [run.id, parent.id])
    theirs = {result.stage: result.weights_sha256 for result in found[parent.id]}
    own = (result for result in found[run.id] if result.stage >= first)
    return {one.stage: one.weights_sha256 == theirs[one.stage] for one in own if one.stage in theirs}


def _changed(session: Session, run: Run, parent: Run, step: int) -> bool:
    return _computed(run) != _computed(parent) or _changed_parameters(session, run, step) != _changed_parameters(
        session, parent, step
    )


def _computed(run: Run) -> dict[str, Any]:
    return {name: value for name, value in run.spec.items() if name not in UNTRAINED}


def _changed_parameters(session: Session, run: Run, step: int) -> set[PlannedCommand]:
    """The live parameters that were set, or are to be, and the trainings that were ended, or are to be, from the step on."""
    planned = [PlannedCommand.model_validate(one) for one in run.spec.get("commands", [])]
    return {one for one in [*steering.effective_commands(session, run.id), *planned] if one.step >= step}


def _began(session: Session, run_id: str) -> int:
    """The number of the event with which the run's own part begins; 0 of a run that is no fork."""
    query = select(func.max(Event.seq)).where(Event.run_id == run_id, Event.kind == EventKind.FORKED.value)
    return session.scalar(query) or 0


def _times(session: Session, run_id: str, began: int) -> int:
    """Number of times that the run resumed from a checkpoint: claimed once more, or with its next trainer.

    One that is claimed once more and goes back at once does both, and counts once.
    """
    times, claims, state, fresh = 0, 0, RunState.QUEUED, False
    for mark in events.marks(session, run_id, began, kinds=set(EventKind) - {EventKind.POINTS, EventKind.LOG}):
        if mark.kind == EventKind.STATE:
            before, state = state, RunState(mark.body["state"])
            claimed = (before, state) == (RunState.QUEUED, RunState.RUNNING)
            claims += claimed
            fresh = claimed and claims > 1
            times += fresh
        elif mark.kind == EventKind.REWIND:
            times, fresh = times + (not fresh), False
        else:
            fresh = False
    return times
