"""Packages of model files, for download."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from backend.api.artifacts import ArtifactId, file_name, verified
from backend.api.deps import Reading, SettingsDep
from backend.domain.run.results import StageResult
from backend.errors import ArtifactNotFound, Conflict
from backend.packages import build, card, sidecar
from backend.packages.sidecar import Sidecar
from backend.store import artifacts, results, runs, tables, workers

router = APIRouter(tags=["artifacts"])

BLOCK = 256 * 1024
ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("/api/artifacts/{artifact_id}/package", response_class=Response, responses={200: ZIP})
def package(session: Reading, settings: SettingsDep, artifact_id: ArtifactId) -> Response:
    """The model file with a program that runs it, samples with their answers, a card and a Dockerfile, as one ZIP file."""
    artifact = artifacts.get(session, artifact_id)
    if artifact is None:
        raise ArtifactNotFound(artifact_id)
    subject, beside = described(session, settings.data_dir, artifact)
    stream = tempfile.TemporaryFile(dir=settings.data_dir)  # noqa: SIM115 - closed when it was sent
    build.write(stream, verified(settings.data_dir, artifact), beside, subject)
    headers = {
        "Content-Length": str(stream.tell()),
        "Content-Disposition": f'attachment; filename="{Path(file_name(session, artifact)).stem}-{artifact.kind}.zip"',
    }
    return StreamingResponse(_blocks(stream), headers=headers, media_type="application/zip")


def described(session: Session, data_dir: Path, artifact: tables.Artifact) -> tuple[card.Subject, Sidecar]:
    """The card's facts of a file, and the sidecar of its stage. Raises Conflict where a package cannot be made."""
    beside = Sidecar(verified(data_dir, _sidecar(session, artifact)))
    run = runs.get(session, artifact.run_id)
    assert run is not None
    result = _result(session, artifact)
    catalog, spec = workers.catalog(session), run.spec
    dataset = catalog.find("datasets", spec["dataset"]["kind"])
    subject = card.Subject(
        run=run.id,
        spec={**spec, "name": run.experiment.name},
        name=f"model{Path(artifact.path).suffix}",
        kind=artifact.kind,
        sha256=artifact.sha256,
        bytes=artifact.bytes,
        result=result,
        interface=beside.interface,
        facts=beside.facts,
        runnable=artifact.kind in beside.formats(),
        reference=dataset.reference if dataset else "",
    )
    return subject, beside


def _sidecar(session: Session, artifact: tables.Artifact) -> tables.Artifact:
    if artifact.kind in (artifacts.CHECKPOINT, sidecar.KIND):
        raise Conflict(f"A package is made of a model file, and this is a {artifact.kind} file: choose another one.")
    beside = (one for one in artifacts.of(session, artifact.run_id) if one.stage == artifact.stage)
    found = next((one for one in beside if one.kind == sidecar.KIND), None)
    if found is None:
        raise Conflict(
            "This file was written by a release that stored no golden samples, so that no package can be made of it: "
            "run the experiment again."
        )
    return found


def _result(session: Session, artifact: tables.Artifact) -> StageResult:
    found = results.of(session, [artifact.run_id])[artifact.run_id]
    return next(result for result in found if result.stage == artifact.stage)


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    with stream:
        stream.seek(0)
        while block := stream.read(BLOCK):
            yield block
