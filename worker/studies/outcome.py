"""Outcome of a trial's run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.domain import measures
from backend.domain.constraint_tree import shortfall
from backend.domain.run.states import RunState
from backend.domain.study.study import LIVE, Objective, Study
from backend.store import events, results, tables

OUT_OF_SIGHT = 1e12  # how far a trial misses a constraint on what was not measured


@dataclass(frozen=True)
class Outcome:
    """A value for each objective; none when the trial failed. `error` is the reason why it did, or misses the constraint."""

    values: tuple[float, ...] = ()
    violation: float = 0.0
    error: str | None = None


def outcome(session: Session, study: Study, run: tables.Run) -> Outcome:
    """Of a run that is over."""
    if run.state not in (RunState.SUCCEEDED, RunState.STOPPED):
        return Outcome(error=run.error or f"Its run was {run.state}.")
    measured = measured_of(session, run)
    values = []
    for one in study.objectives:
        value = _best(session, run, one) if one.live and one.of == "best" else measured.get(one.live or _field(one))
        if value is None or not math.isfinite(value):
            return Outcome(
                error=f"`{one.measure}` was not measured." if value is None else f"`{one.measure}` is {value}."
            )
        values.append(value)
    constraint = study.constraints()
    if constraint is None or not constraint.miss(measured):
        return Outcome(tuple(values))
    missed = f"It misses the constraint: {shortfall(constraint, measured)}."
    return Outcome(tuple(values), min(constraint.miss(measured), OUT_OF_SIGHT), missed)


def measured_of(session: Session, run: tables.Run) -> Mapping[str, float]:
    """Everything known of the last stage: of the model on the validation split, and of its files; the first that has a
    field tells it."""
    stages = results.of(session, [run.id])[run.id]
    found = {name: value for name, value in run.latest.items() if name.startswith(LIVE)}
    if stages:
        last = stages[-1]
        for measure in reversed(last.measures):
            found |= measures.values(last, measure)
        found |= {f"{LIVE}{name}": value for name, value in last.validation.items()}
    return found


def _field(one: Objective) -> str:
    field = measures.field_of(one.measure)
    assert field is not None, "it was checked when the study was created"
    return field


def _best(session: Session, run: tables.Run, one: Objective) -> float | None:
    assert one.live is not None
    _, chunks = events.chunks(session, run.id, metrics=[one.live])
    values = [float(value) for chunk in chunks for value in chunk.metrics[one.live] if math.isfinite(value)]
    return (max if one.rising else min)(values, default=None)
