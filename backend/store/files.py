"""Registered files on the disk: whether they are what was registered, and giving them to another run."""

import errno
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from backend.store import artifacts, run_events
from backend.store.session import Store
from backend.store.tables import Artifact

NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES})


@dataclass(frozen=True)
class Damage:
    """Damage of a file, in words that follow its name."""

    words: str
    final: bool = True  # the file was read and is another one; a folder that cannot be reached may come back

    def __str__(self) -> str:
        return self.words


def damage(artifact: Artifact, file: Path) -> Damage | None:
    """Damage of the file; None when it is byte for byte what was registered."""
    try:
        if (size := file.stat().st_size) != artifact.bytes:
            return Damage(f"has {size:,} bytes instead of {artifact.bytes:,}")
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        return Damage(f"cannot be read ({error.strerror})", final=False)
    return None if digest == artifact.sha256 else Damage("is damaged: its hash differs from the registered one")


def examine(store: Store, data_dir: Path, artifact: Artifact) -> Damage | None:
    """As `damage`; what will never be whole again is unregistered and deleted, so that nobody is offered it once more.

    A run that is not over is left to its worker, which finds out and tells.
    """
    found = damage(artifact, data_dir / artifact.path)
    if found is None or not found.final:
        return found
    with store.begin() as session:
        run = run_events.lock(session, artifact.run_id)
        over = run is not None and run.state.terminal
        if over:
            artifacts.forget(session, artifact.id)
    if over:
        (data_dir / artifact.path).unlink(missing_ok=True)
    return found


def share(source: Path, target: Path) -> None:
    """The same file under another name: a hard link, or a copy where there are none. Raises OSError.

    Files of a run are never written again once they are registered, so that neither name can change the other's bytes.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # what somebody left who was killed over it
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    """A copy that is on the disk, whole, before it has its name."""
    part = target.with_suffix(".part")
    try:
        shutil.copyfile(source, part)
        with part.open("rb+") as copied:
            os.fsync(copied.fileno())
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
