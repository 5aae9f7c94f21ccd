"""Registered files on the disk: whether they are what was registered, and giving them to another run."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

from backend.store.tables import Artifact

NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES})


def damage(artifact: Artifact, file: Path) -> str | None:
    """What is wrong with the file; None when it is byte for byte what was registered."""
    try:
        if file.stat().st_size != artifact.bytes:
            return f"has {file.stat().st_size:,} bytes instead of {artifact.bytes:,}"
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if digest == artifact.sha256 else "is damaged: its hash is not the one that was registered"


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
