"""Workers: their catalogs, and whether they still send heartbeats."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.domain.catalog import Catalog
from backend.domain.input_limits import label
from backend.store.clock import now
from backend.store.tables import Worker


def announce(session: Session, id: str, name: str, device: dict[str, Any], catalog: Catalog) -> None:
    """A worker is ready; announcing again replaces what it said before."""
    moment = now()
    session.merge(
        Worker(
            id=id, name=label(name), device=device, catalog=catalog.model_dump(mode="json"), heartbeat=0, run_id=None,
            started_at=moment, heartbeat_at=moment, gone_at=None,
        )
    )  # fmt: skip


def beat(session: Session, id: str, run_id: str | None) -> None:
    """The worker lives and is busy with this run, or with none."""
    values = {"heartbeat": Worker.heartbeat + 1, "heartbeat_at": now(), "run_id": run_id, "gone_at": None}
    session.execute(update(Worker).where(Worker.id == id).values(values))


def depart(session: Session, id: str) -> None:
    """Marks a worker as gone when it shuts down."""
    session.execute(update(Worker).where(Worker.id == id).values(gone_at=now(), run_id=None))


def beats(session: Session) -> list[tuple[str, int, str | None]]:
    """(worker id, heartbeat, id of its run) of every worker that is not gone: what a reaper watches."""
    query = select(Worker.id, Worker.heartbeat, Worker.run_id).where(Worker.gone_at.is_(None))
    return [(id, heartbeat, run_id) for id, heartbeat, run_id in session.execute(query)]


def lose(session: Session, id: str, heartbeat: int) -> None:
    """Count a worker as gone when its counter still stands where it was watched standing still."""
    still = (Worker.id == id, Worker.heartbeat == heartbeat)
    session.execute(update(Worker).where(*still).values(gone_at=now(), run_id=None))


def all(session: Session) -> list[Worker]:
    """Every worker, those at work first, newest first."""
    return list(session.scalars(select(Worker).order_by(Worker.gone_at.is_not(None), Worker.started_at.desc())))


def catalog(session: Session) -> Catalog:
    """Merged catalog of all workers; without a live worker, the catalog of the last one."""
    known = all(session)
    present = [worker for worker in known if worker.gone_at is None] or known[:1]
    return Catalog.merge([Catalog.model_validate(worker.catalog) for worker in present])
