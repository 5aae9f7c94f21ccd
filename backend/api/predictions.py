"""Predictions of a run's files for samples that somebody sends."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from sqlalchemy.orm import Session

from backend.api.artifacts import verified
from backend.api.deps import Reading, RunDep, RunId, SettingsDep, StoreDep, run_of
from backend.api.schemas.predictions import FileInterface, StagePredictions
from backend.errors import Conflict, UnsupportedBody
from backend.packages import sidecar, trying
from backend.packages.sidecar import Sidecar
from backend.packages.trying import NotPredicted
from backend.store import artifacts, tables
from backend.store.session import Store

router = APIRouter(prefix="/api/runs/{run_id}", tags=["runs"])

AT_ONCE = 2  # files that are run; the others wait
running = CapacityLimiter(AT_ONCE)

SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "text/csv": ".csv",
    "text/plain": ".txt",
    "application/octet-stream": ".npy",
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A picture, a table as CSV with the columns' names in its first line, a text, or an NPY file.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SUFFIXES},
    }
}


@dataclass(frozen=True)
class Ready:
    """A file that can be run, and the sidecar of its stage."""

    stage: int
    artifact: str
    format: str
    model: Path
    beside: Sidecar


@router.get("/interface")
def interface(session: Reading, settings: SettingsDep, run: RunDep) -> FileInterface:
    """The scaling, the classes, and the samples that the run's newest files take."""
    newest = _golden(session, run.id)[-1]
    return FileInterface.of(Sidecar(verified(settings.data_dir, newest)).interface)


@router.post("/predictions", openapi_extra=BODY)
async def predict(request: Request, store: StoreDep, settings: SettingsDep, run_id: RunId) -> list[StagePredictions]:
    """Run the first file of each stage on the samples in the body, each in a process of its own."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in SUFFIXES:
        raise UnsupportedBody(f"The content type `{kind[:80]}` is not known here; known: {', '.join(SUFFIXES)}.")
    sample = await request.body()
    ready = await to_thread.run_sync(_ready, store, settings.data_dir, run_id)
    return [
        await to_thread.run_sync(_predicted, one, sample, SUFFIXES[kind], limiter=running)  # one after the other
        for one in ready
    ]


def _ready(store: Store, data_dir: Path, run_id: str) -> list[Ready]:
    """The first file of each stage that a runtime can run."""
    with store.read() as session:
        run = run_of(session, run_id)
        files = {(file.stage, file.kind): file for file in artifacts.of(session, run.id)}
        found = []
        for golden in _golden(session, run.id):
            beside = Sidecar(verified(data_dir, golden))
            kinds = (kind for kind in beside.formats() if (golden.stage, kind) in files)
            if (kind := next(kinds, None)) is not None:
                file = files[golden.stage, kind]
                found.append(Ready(file.stage, file.id, kind, verified(data_dir, file), beside))
        return found


def _golden(session: Session, run_id: str) -> list[tables.Artifact]:
    """The sidecar's file of each stage, in order. Raises Conflict when there is none."""
    golden = [file for file in artifacts.of(session, run_id) if file.kind == sidecar.KIND]
    if not golden:
        raise Conflict("No stage of this run has left files with golden samples: wait for one, or run it again.")
    return sorted(golden, key=lambda file: file.stage)


def _predicted(ready: Ready, sample: bytes, suffix: str) -> StagePredictions:
    answer: dict[str, Any] = {"stage": ready.stage, "artifact": ready.artifact, "format": ready.format}
    try:
        answer["predictions"] = trying.predict(ready.model, ready.beside.own(ready.format), sample, suffix)
    except NotPredicted as error:
        answer["problem"] = f"{str(error)[:1].upper()}{str(error)[1:].rstrip('.')}."
    return StagePredictions.model_validate(answer)
