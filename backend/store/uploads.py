"""Registered uploads: an upload that is not registered does not exist for anybody."""

from collections.abc import Collection

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from backend.domain.experiment.upload_facts import Facts
from backend.domain.run.states import TERMINAL
from backend.store.clock import now
from backend.store.tables import Experiment, Run, Upload


def register(session: Session, id: str, name: str, *, bytes: int, sha256: str, facts: Facts) -> Upload:
    """Register data whose files are in their place."""
    upload = Upload(
        id=id, name=name, kind=facts.kind, bytes=bytes, sha256=sha256, facts=facts.model_dump(mode="json"),
        created_at=now(),
    )  # fmt: skip
    session.add(upload)
    session.flush()
    return upload


def get(session: Session, upload_id: str, hold: bool = False) -> Upload | None:
    """With `hold` nobody can delete it before the transaction ends."""
    query = select(Upload).where(Upload.id == upload_id)
    return session.scalar(query.with_for_update() if hold else query)


def all(session: Session) -> list[Upload]:
    """Every one, newest first."""
    return list(session.scalars(select(Upload).order_by(Upload.created_at.desc(), Upload.id)))


def find_known(session: Session, ids: Collection[str]) -> set[str]:
    """Those of `ids` that are registered."""
    return set(session.scalars(select(Upload.id).where(Upload.id.in_(ids))))


def names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Names of those of `ids` that are registered."""
    query = select(Upload.id, Upload.name).where(Upload.id.in_(ids))
    return dict(iter(session.execute(query)))


def users(session: Session, upload_id: str) -> list[Run]:
    """The runs that are not over and whose spec names it."""
    text = func.lower(cast(Experiment.spec, String))
    query = select(Run).join(Experiment, Run.experiment_id == Experiment.id).where(Run.state.not_in(TERMINAL))
    named = query.where(text.contains(upload_id.lower(), autoescape=True))
    return list(session.scalars(named.order_by(Run.created_at)))


def forget(session: Session, upload: Upload) -> None:
    """Unregister it; delete its files after the transaction."""
    session.delete(upload)
