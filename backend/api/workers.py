"""Lists the workers and the queue."""

from fastapi import APIRouter

from backend.api.deps import MonitorDep, Reading
from backend.api.schemas.runs import QueueView, WorkerRow
from backend.domain.run.states import LIVE, RunState
from backend.store import runs, tables, workers

router = APIRouter(tags=["workers"])


@router.get("/api/workers")
def queue(session: Reading, monitor: MonitorDep) -> QueueView:
    """All workers, busy ones first, the length of the queue, and failed checks of the server."""
    counts, report = runs.counts(session), monitor.report()
    return QueueView(
        workers=[_row(worker, worker.id in report.silent) for worker in workers.all(session)],
        queued=counts[RunState.QUEUED],
        running=sum(counts[state] for state in LIVE),
        complaints=report.complaints,
    )


def _row(worker: tables.Worker, silent: bool) -> WorkerRow:
    return WorkerRow(
        id=worker.id,
        name=worker.name,
        device=worker.device,
        run_id=worker.run_id,
        started_at=worker.started_at,
        heartbeat_at=worker.heartbeat_at,
        gone=worker.gone_at is not None or silent,
    )
