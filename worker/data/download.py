"""Downloads published files once and verifies them."""

import hashlib
import http.client
import logging
import os
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO

TIMEOUT_SECONDS = 30
BLOCK_BYTES = 1 << 18
PROGRESS_SECONDS = 2.0

log = logging.getLogger(__name__)


def download(url: str, target: Path, size: int, sha256: str) -> None:
    """Fetch `url` into `target`, which appears only when it is complete: exactly `size` bytes of that hash.

    Progress goes to the log. OSError when the network fails, ValueError when the content is not what was pinned;
    either way nothing is left behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(url, file, size, sha256)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _fetch(url: str, file: IO[bytes], size: int, sha256: str) -> None:
    digest, received, logged = hashlib.sha256(), 0, time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            while block := response.read(BLOCK_BYTES):
                received += len(block)
                if received > size:
                    break
                digest.update(block)
                file.write(block)
                if time.monotonic() - logged > PROGRESS_SECONDS:
                    logged = time.monotonic()
                    log.info("%s: %.0f %% of %.1f MB", url, 100 * received / size, size / 1e6)
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    if received != size or digest.hexdigest() != sha256:
        raise ValueError(f"{url} is not the published file: {received:,} of {size:,} bytes, or another hash.")
    log.info("%s: complete, %.1f MB, hash verified", url, size / 1e6)
