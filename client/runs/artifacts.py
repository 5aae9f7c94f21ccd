"""Downloads files of runs: completely and unchanged, or not at all."""

import hashlib
import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import httpx2

from client.errors import LatheError
from client.wire.connection import Wire


def download(wire: Wire, artifact_id: str, to: Path | str = ".") -> Path:
    """Writes the file to the path `to`, or into the folder `to` under the name that the server gives it. Returns its path.

    The file appears only when it is complete and has the registered SHA-256; it replaces an earlier file of that name.
    Raises LatheError and leaves nothing behind when it cannot be downloaded.
    """
    with wire.download(f"/api/artifacts/{artifact_id}") as response:
        target = _target(Path(to), response, artifact_id)
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", suffix=".part", delete=False) as draft:
            try:
                _write(response, draft, artifact_id)
                draft.flush()
                os.fsync(draft.fileno())
                Path(draft.name).chmod(0o644)
                Path(draft.name).replace(target)
            except BaseException:
                Path(draft.name).unlink(missing_ok=True)
                raise
    return target


def _target(to: Path, response: httpx2.Response, artifact_id: str) -> Path:
    if not to.is_dir():
        return to
    named = re.search(r'filename="([\w.-]+)"', response.headers.get("content-disposition", ""), re.ASCII)
    return to / (named[1] if named and named[1].strip(".") else artifact_id)


def _write(response: httpx2.Response, draft: IO[bytes], artifact_id: str) -> None:
    digest = hashlib.sha256()
    for piece in response.iter_raw():
        digest.update(piece)
        draft.write(piece)
    if digest.hexdigest() != response.headers.get("etag", "").strip('"'):
        detail = f"The download of artifact `{artifact_id}` is damaged: its SHA-256 differs from the registered one. Try again."
        raise LatheError("ArtifactDamaged", detail)
