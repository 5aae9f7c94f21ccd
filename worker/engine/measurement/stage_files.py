"""Files of a stage on their way: written aside, registered with their hash, then moved to their place all at once."""

import hashlib
import os
import shutil
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker.pipe.messages import File

CHUNK = 1 << 20


def new_part(stage: int, kind: str, suffix: str, scratch: Path) -> tuple[str, Path]:
    """Id of a new file, and where it lies until it is whole."""
    identity = str(uuid.uuid4())
    return identity, scratch / f"{stage:02d}-{kind}-{identity}{suffix}"


@contextmanager
def scratch_folder(run_folder: Path) -> Iterator[Path]:
    """A folder beside the artifacts, on the same disk; one that a killed process left is removed first."""
    run_folder.mkdir(parents=True, exist_ok=True)
    for leftover in run_folder.glob("measuring-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="measuring-", dir=run_folder) as folder:
        yield Path(folder)


def registration(identity: str, kind: str, part: Path, folder: str) -> File:
    """Registration of `part`, whose bytes are on the disk from here on."""
    with part.open("rb+") as written:
        os.fsync(written.fileno())
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return File(identity, kind, f"{folder}/artifacts/{part.name}", part.stat().st_size, digest)


def publish(scratch: Path, files: list[File], data_dir: Path) -> None:
    """Move what was measured to its final place, all at the end: a stage that fails leaves no file behind."""
    folders = {(data_dir / file.path).parent for file in files}
    for target in folders:
        target.mkdir(exist_ok=True)
    for path in (data_dir / file.path for file in files):
        (scratch / path.name).rename(path)
    for target in folders:
        directory = os.open(target, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def gzip_bytes(file: Path) -> int:
    """Size after gzip -6."""
    packer = zlib.compressobj(level=6, wbits=zlib.MAX_WBITS | 16)
    with file.open("rb") as stream:
        return sum(len(packer.compress(chunk)) for chunk in iter(lambda: stream.read(CHUNK), b"")) + len(packer.flush())
