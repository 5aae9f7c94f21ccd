"""Stores a run's summaries: histograms, pictures, confusion matrices, each as plain JSON."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.store.clock import now
from backend.store.tables import Summary


def put(session: Session, run_id: str, kind: str, stage: int, step: int, body: dict[str, Any]) -> None:
    """Stores a summary. After a rewind a new one replaces the old one."""
    session.merge(Summary(run_id=run_id, kind=kind, stage=stage, step=step, body=body, at=now()))


def of(session: Session, run_id: str, kinds: Collection[str] | None = None) -> list[Summary]:
    """The summaries of a run, those of some `kinds` or all, by kind, stage and step."""
    query = select(Summary).where(Summary.run_id == run_id)
    if kinds is not None:
        query = query.where(Summary.kind.in_(kinds))
    return list(session.scalars(query.order_by(Summary.kind, Summary.stage, Summary.step)))


def list_kinds(session: Session, run_ids: Collection[str]) -> dict[str, list[str]]:
    """Kinds of summaries that each run has."""
    found: dict[str, list[str]] = {run_id: [] for run_id in run_ids}
    query = select(Summary.run_id, Summary.kind).where(Summary.run_id.in_(run_ids)).distinct()
    for run_id, kind in session.execute(query.order_by(Summary.kind)):
        found[run_id].append(kind)
    return found
