"""Who is working, and what waits."""

from fastapi import APIRouter

from backend.api.deps import Reading
from backend.api.schemas import QueueView, WorkerRow
from backend.spec.runs import LIVE, RunState
from backend.store import runs, tables, workers

router = APIRouter(tags=["workers"])


@router.get("/api/workers")
def queue(session: Reading) -> QueueView:
    """Every worker, those at work first, and the length of the queue."""
    counts = runs.counts(session)
    return QueueView(
        workers=[_row(worker) for worker in workers.all(session)],
        queued=counts[RunState.QUEUED],
        running=sum(counts[state] for state in LIVE),
    )


def _row(worker: tables.Worker) -> WorkerRow:
    return WorkerRow(
        id=worker.id,
        name=worker.name,
        device=worker.device,
        run_id=worker.run_id,
        started_at=worker.started_at,
        heartbeat_at=worker.heartbeat_at,
        gone=worker.gone_at is not None,
    )
