"""Whether the server works, for whatever watches it."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text

from backend.api.deps import Reading
from backend.store import runs, workers

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


@router.get("/healthz")
def healthz(session: Reading) -> Health:
    """Answers 200 when the database does; open to everybody, tells nothing else."""
    session.execute(text("SELECT 1"))
    return Health()


@router.get("/metrics", response_class=Response)
def metrics(session: Reading) -> Response:
    """Numbers for Prometheus."""
    present = [worker for worker in workers.all(session) if worker.gone_at is None]
    lines = ["# HELP lathe_runs Runs by state.", "# TYPE lathe_runs gauge"]
    lines += [f'lathe_runs{{state="{state}"}} {number}' for state, number in runs.counts(session).items()]
    lines += ["# HELP lathe_workers Workers that are heard of.", "# TYPE lathe_workers gauge"]
    busy = sum(worker.run_id is not None for worker in present)
    lines += [f'lathe_workers{{busy="true"}} {busy}', f'lathe_workers{{busy="false"}} {len(present) - busy}']
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4; charset=utf-8")
