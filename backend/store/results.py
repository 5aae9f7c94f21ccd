"""Stores the results of finished stages."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from backend.domain.run.results import StageResult
from backend.store.clock import now
from backend.store.tables import Experiment, Result, Run, table


def put(session: Session, run_id: str, result: StageResult) -> None:
    """Stores the result of a stage. After a rewind a new one replaces the old one."""
    row = Result(
        run_id=run_id,
        stage=result.stage,
        kind=result.kind,
        label=result.label,
        step=result.step,
        body=result.model_dump(mode="json"),
        at=now(),
    )
    session.merge(row)


class Owner(NamedTuple):
    """A run as what it left is called after it; `seq` is its last event."""

    id: str
    name: str
    seed: int
    color: int
    seq: int
    dataset: str  # what its spec says of the data, as JSON
    preparation: str | None  # kind of what the data go through first; specs of the first release do not say
    model: str  # kind of the model


def owners(session: Session, wanted: Sequence[str] | None, most: int) -> list[Owner]:
    """The named runs as far as they exist, in that order; the newest ones first without any names. At most `most`."""
    run, experiment = table(Run), table(Experiment)
    of = run.join(experiment, run.c.experiment_id == experiment.c.id)
    dataset, preparation = (
        cast(experiment.c.spec["dataset"], Text),
        experiment.c.spec["preparation"]["kind"].as_string(),
    )
    model = experiment.c.spec["model"]["kind"].as_string()
    about = (run.c.id, experiment.c.name, run.c.seed, run.c.color, run.c.last_seq, dataset, preparation, model)
    query = select(*about).select_from(of)
    if wanted is None:
        newest = query.order_by(run.c.created_at.desc(), run.c.id.desc()).limit(most)
        return list(map(Owner._make, session.execute(newest)))
    named = session.execute(query.where(run.c.id.in_(wanted[:most])))
    found = {owner.id: owner for owner in map(Owner._make, named)}
    return [found[run_id] for run_id in dict.fromkeys(wanted) if run_id in found]


def stamps(session: Session, run_ids: Collection[str]) -> list[tuple[str, int, datetime]]:
    """Run, stage and time of each result, by stage: a result that was replaced has another time."""
    query = select(Result.run_id, Result.stage, Result.at).where(Result.run_id.in_(run_ids))
    return [(run, stage, at) for run, stage, at in session.execute(query.order_by(Result.run_id, Result.stage))]


def of(session: Session, run_ids: Collection[str]) -> dict[str, list[StageResult]]:
    """The results of each run, by stage; runs without any have an empty list."""
    found: dict[str, list[StageResult]] = {run_id: [] for run_id in run_ids}
    text = cast(Result.body, Text)  # read once, by pydantic: there may be thousands
    query = select(Result.run_id, text).where(Result.run_id.in_(run_ids)).order_by(Result.run_id, Result.stage)
    for run_id, body in session.execute(query):
        found[run_id].append(StageResult.model_validate_json(body))
    return found
