"""Finds models of runs that other runs start from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import Session

from backend.domain.experiment.references import Reference
from backend.domain.run.states import TERMINAL
from backend.store import artifacts, run_events
from backend.store.tables import Artifact, Experiment, Result, Run


class SourceMissing(ValueError):
    """A reference to a model that does not exist, in words that follow the field's name."""


@dataclass(frozen=True)
class Found:
    """The run, and the checkpoint that the stage left."""

    run: Run
    checkpoint: Artifact


def find(session: Session, text: str, hold: bool = False) -> Found:
    """Finds the model named by `run` or `run:stage`. With `hold` the run cannot be deleted before the transaction ends.

    Raises SourceMissing in one sentence that says what would be right.
    """
    if not text.strip():
        raise SourceMissing("names no run.")
    try:
        reference = Reference.parse(text)
    except ValueError as error:
        raise SourceMissing(str(error)) from error
    run = run_events.lock(session, reference.run_id) if hold else session.get(Run, reference.run_id)
    if run is None:
        raise SourceMissing(f"names the run `{reference.run_id[:80]}`, which does not exist.")
    if reference.stage is None and not run.state.terminal:
        raise SourceMissing(f"names the run “{run.experiment.name}”, which is {run.state}: wait until it is over.")
    return Found(run, _checkpoint(session, run, reference.stage))


def _checkpoint(session: Session, run: Run, stage: int | None) -> Artifact:
    query = select(Result).where(Result.run_id == run.id).order_by(Result.stage)
    done = {result.stage: result for result in session.scalars(query)}
    if not done:
        raise SourceMissing(f"names the run “{run.experiment.name}”, which has finished no stage.")
    wanted = max(done) if stage is None else stage
    if wanted not in done:
        known = ", ".join(map(str, done))
        raise SourceMissing(f"names stage {wanted} of “{run.experiment.name}”, which has finished the stages {known}.")
    for artifact in artifacts.checkpoints(session, run.id):
        if (artifact.stage, artifact.step) == (wanted, done[wanted].step) and artifact.sha256:
            return artifact
    raise SourceMissing(f"names stage {wanted} of “{run.experiment.name}”, whose checkpoint is gone: run it again.")


def candidates(session: Session, most: int = 5) -> list[Run]:
    """The newest finished runs with a model."""
    left = select(Artifact.id).where(Artifact.run_id == Run.id, Artifact.kind == artifacts.CHECKPOINT)
    measured = select(Result.stage).where(Result.run_id == Run.id)
    query = select(Run).where(Run.state.in_(TERMINAL), left.exists(), measured.exists())
    return list(session.scalars(query.order_by(Run.created_at.desc()).limit(most)))


def users(session: Session, run_id: str) -> list[Run]:
    """The runs that are not over and need this one: their spec names it, or they wait for it. Holds the run: nobody can
    name it meanwhile."""
    run_events.lock(session, run_id)
    text = func.lower(cast(Experiment.spec, String))
    query = select(Run).join(Experiment, Run.experiment_id == Experiment.id).where(Run.state.not_in(TERMINAL))
    near = query.where(or_(text.contains(run_id.lower(), autoescape=True), Run.waits_for == run_id))
    found = session.scalars(near.order_by(Run.created_at))
    return [run for run in found if run.waits_for == run_id or run_id in _named(run.spec)]


def _named(value: Any) -> Iterator[str]:
    """Every text in a spec, up to a colon."""
    if isinstance(value, str):
        yield value.strip().partition(":")[0]
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _named(item)
