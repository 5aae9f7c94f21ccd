"""Health, readiness and metrics of the server, for monitoring."""

from collections.abc import Iterator, Mapping
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from backend.api.deps import MonitorDep, Reading
from backend.api.monitor import Report
from backend.api.schemas.runs import Check
from backend.auth import Keys
from backend.store import runs, workers

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ready", "not ready"]
    checks: list[Check] = Field(default=[], description="Checks of all that the server needs; empty without a token.")
    free_bytes: int | None = Field(default=None, description="Free space on the data folder's disk.")
    queue_seconds: float | None = Field(
        default=None, description="Waiting time of the oldest run that a worker could claim, seconds."
    )
    lease_seconds: float | None = Field(
        default=None, description="Time since the oldest lease of a live run was renewed, seconds."
    )


@router.get("/healthz")
async def healthz() -> Health:
    """Answers 200 while the process runs. Open to everybody; checks nothing else."""
    return Health()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "The server cannot do its work now."}})
def readyz(request: Request, response: Response, monitor: MonitorDep) -> Readiness:
    """Answers 200 when runs can be accepted, executed and stored, else 503. Open to everybody; the reasons need the token."""
    report = monitor.report()
    response.status_code = 200 if report.ready else 503
    status: Literal["ready", "not ready"] = "ready" if report.ready else "not ready"
    return _detailed(status, report) if _signed_in(request) else Readiness(status=status)


def _detailed(status: Literal["ready", "not ready"], report: Report) -> Readiness:
    return Readiness(
        status=status,
        checks=list(report.checks),
        free_bytes=report.free_bytes,
        queue_seconds=report.queue_seconds,
        lease_seconds=report.lease_seconds,
    )


def _signed_in(request: Request) -> bool:
    """True for a caller of an open address who could call the closed ones too."""
    keys: Keys = request.app.state.keys
    scheme, _, offered = request.headers.get("authorization", "").partition(" ")
    by_token = scheme.lower() == "bearer" and keys.accepts_token(offered.strip())
    return by_token or keys.accepts_cookie(";".join(request.headers.getlist("cookie")))


@router.get("/metrics", response_class=Response)
def metrics(session: Reading, monitor: MonitorDep) -> Response:
    """Numbers for Prometheus."""
    report = monitor.report()
    present = [run_id for id, _, run_id in workers.beats(session) if id not in report.silent]
    busy = sum(run_id is not None for run_id in present)
    states = {f'state="{state}"': number for state, number in runs.counts(session).items()}
    checks = {f'check="{check.name}"': int(check.ok) for check in report.checks}
    lines = [
        *_gauge("lathe_runs", "Runs by state.", states),
        *_gauge(
            "lathe_workers",
            "Workers that are heard of.",
            {'busy="true"': busy, 'busy="false"': len(present) - busy},
        ),
        *_gauge("lathe_ready", "What the server's readiness rests on: 1 is well.", checks),
        *_gauge("lathe_free_bytes", "Free space on the data folder's disk.", {"": report.free_bytes}),
        *_gauge("lathe_queue_oldest_seconds", "Wait of the oldest run that could begin.", {"": report.queue_seconds}),
        *_gauge("lathe_lease_oldest_seconds", "Since a lease was renewed, the oldest.", {"": report.lease_seconds}),
    ]
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4; charset=utf-8")


def _gauge(name: str, summary: str, values: Mapping[str, float | None]) -> Iterator[str]:
    """A gauge's lines; `values` by their labels. One that is not known is left out."""
    yield f"# HELP {name} {summary}"
    yield f"# TYPE {name} gauge"
    for labels, value in values.items():
        if value is not None:
            yield f"{name}{{{labels}}} {value:.12g}" if labels else f"{name} {value:.12g}"
