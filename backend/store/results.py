"""What finished stages measured."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.spec.results import StageResult
from backend.store.clock import now
from backend.store.tables import Result


def put(session: Session, run_id: str, result: StageResult) -> None:
    """Keep a stage's result; a stage that was repeated after a rewind replaces what it left before."""
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


def stamps(session: Session, run_ids: Collection[str]) -> list[tuple[str, int, datetime]]:
    """Run, stage and time of each result, by stage: a result that was replaced has another time."""
    query = select(Result.run_id, Result.stage, Result.at).where(Result.run_id.in_(run_ids))
    return [(run, stage, at) for run, stage, at in session.execute(query.order_by(Result.run_id, Result.stage))]


def of(session: Session, run_ids: Collection[str]) -> dict[str, list[StageResult]]:
    """The results of each run, by stage; runs without any have an empty list."""
    found: dict[str, list[StageResult]] = {run_id: [] for run_id in run_ids}
    query = select(Result).where(Result.run_id.in_(run_ids)).order_by(Result.run_id, Result.stage)
    for row in session.scalars(query):
        found[row.run_id].append(StageResult.model_validate(row.body))
    return found
