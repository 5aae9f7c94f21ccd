"""Files of runs, for download."""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi import Path as PathParameter
from fastapi.responses import StreamingResponse

from backend.api.deps import Reading, SettingsDep
from backend.errors import ArtifactDamaged, ArtifactNotFound, RangeInvalid
from backend.store import artifacts, runs, tables

router = APIRouter(tags=["artifacts"])

BLOCK = 256 * 1024
BINARY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
ArtifactId = Annotated[str, PathParameter(max_length=64, description="Id of an artifact.")]
RangeHeader = Annotated[str | None, Header(alias="Range", description="One range of bytes, such as `bytes=0-1023`.")]


@router.get(
    "/api/artifacts/{artifact_id}",
    response_class=Response,
    responses={200: BINARY, 206: BINARY, 304: {"description": "The caller has it already."}},
)
def download(
    session: Reading,
    settings: SettingsDep,
    artifact_id: ArtifactId,
    requested: RangeHeader = None,
    if_none_match: Annotated[str | None, Header(description="ETag that the caller has.")] = None,
    if_range: Annotated[str | None, Header(description="ETag that the range belongs to.")] = None,
) -> Response:
    """The file, whole or one range of it; its ETag is its SHA-256, which is checked before anything is sent."""
    artifact = artifacts.get(session, artifact_id)
    if artifact is None:
        raise ArtifactNotFound(artifact_id)
    file = verified(settings.data_dir, artifact)
    etag = f'"{artifact.sha256}"'
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers={"ETag": etag})
    size = file.stat().st_size
    wanted = _range(requested, size) if if_range in (None, etag) else None
    first, last = wanted or (0, size - 1)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Length": str(last - first + 1),
        "Content-Disposition": f'attachment; filename="{file_name(session, artifact)}"',
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    body = _blocks(file, first, last - first + 1)
    return StreamingResponse(body, 206 if wanted else 200, headers, "application/octet-stream")


def verified(data_dir: Path, artifact: tables.Artifact) -> Path:
    """Path of the file, whose bytes are those that were registered; never outside the data folder, whatever the row says."""
    root = data_dir.resolve()
    file = (root / artifact.path).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise ArtifactNotFound(artifact.id, f"The file of artifact `{artifact.id}` no longer exists.")
    _check(file, artifact)
    return file


def _check(file: Path, artifact: tables.Artifact) -> None:
    """Raises ArtifactDamaged unless the file is, byte by byte, what the worker registered."""
    about = file.stat()
    if about.st_size != artifact.bytes:
        raise ArtifactDamaged(artifact.id, f"it has {about.st_size:,} bytes, not {artifact.bytes:,}")
    if _sha256(file, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns) != artifact.sha256:
        raise ArtifactDamaged(artifact.id, "its SHA-256 differs")


@lru_cache(maxsize=4096)
def _sha256(file: Path, *identity: int) -> str:
    """Hash of the file, computed once for each `identity`, which changes with the content: files are read in ranges."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_name(session: Reading, artifact: tables.Artifact) -> str:
    """`mlp-baseline-seed0-stage2.onnx`: plain ASCII, whatever the run is called."""
    run = runs.get(session, artifact.run_id)
    assert run is not None
    name = re.sub(r"[^a-z0-9]+", "-", run.experiment.name.lower()).strip("-")[:60] or "run"
    return f"{name}-seed{run.seed}-stage{artifact.stage}{Path(artifact.path).suffix}"


def _range(requested: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte, inclusive. None asks for everything, as do several ranges, which are not supported."""
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", requested or "")
    if match is None or match.groups() == ("", ""):
        return None
    start, end = match.groups()
    if start:
        first, last = int(start), min(int(end) if end else size - 1, size - 1)
        if end and int(end) < int(start):
            return None
    else:
        first, last = max(size - int(end), 0), size - 1
    if first > last:
        raise RangeInvalid(size)
    return first, last


def _blocks(file: Path, first: int, count: int) -> Iterator[bytes]:
    with file.open("rb") as stream:
        stream.seek(first)
        while count > 0 and (block := stream.read(min(BLOCK, count))):
            count -= len(block)
            yield block
