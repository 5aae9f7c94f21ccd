"""Experiments and groups of them: created with their runs, and found."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.domain.experiment.experiment import Experiment, fingerprint
from backend.domain.run.states import RunState
from backend.store import tables
from backend.store.clock import new_id, now


def create_group(session: Session, specs: Sequence[Experiment], seeds: Sequence[int]) -> tuple[str, list[tables.Run]]:
    """Experiments that are to be compared. Returns the group, which is the first one's id, and the runs, seed by seed:
    so that all of them get on side by side."""
    made = [create(session, spec, seeds) for spec in specs]
    group_id = made[0][0]
    for experiment_id, _ in made:
        experiment = session.get_one(tables.Experiment, experiment_id)
        experiment.group_id = group_id
    ordered = [runs[index] for index in range(len(seeds)) for _, runs in made]
    for place, run in enumerate(ordered):
        run.created_at = ordered[0].created_at + timedelta(microseconds=place)
    session.flush()
    return group_id, ordered


def create(
    session: Session, spec: Experiment, seeds: Sequence[int], ids: Sequence[str] = ()
) -> tuple[str, list[tables.Run]]:
    """An experiment and one queued run for each seed. Returns its id and its runs, in the order of the seeds.

    `ids` are theirs where files of theirs have a place already.
    """
    moment = now()
    experiment = tables.Experiment(
        id=new_id(),
        name=spec.name,
        spec=spec.model_dump(mode="json"),
        fingerprint=fingerprint(spec),
        created_at=moment,
    )
    color = (session.scalar(select(func.max(tables.Run.color))) or 0) + 1
    runs = [
        tables.Run(
            id=ids[index] if ids else new_id(),
            experiment=experiment,
            seed=seed,
            color=color + index,
            state=RunState.QUEUED,
            created_at=moment + timedelta(microseconds=index),  # runs are claimed in this order
        )
        for index, seed in enumerate(seeds)
    ]
    session.add(experiment)
    session.add_all(runs)
    session.flush()
    return experiment.id, runs


def get(session: Session, experiment_id: str) -> tables.Experiment | None:
    return session.get(tables.Experiment, experiment_id)


def runs(session: Session, experiment_id: str) -> list[tables.Run]:
    """The runs of an experiment, or of the group that it began, in the order in which they are claimed."""
    group = select(tables.Experiment.id).where(
        (tables.Experiment.id == experiment_id) | (tables.Experiment.group_id == experiment_id)
    )
    query = select(tables.Run).where(tables.Run.experiment_id.in_(group))
    return list(session.scalars(query.order_by(tables.Run.created_at, tables.Run.id)))
