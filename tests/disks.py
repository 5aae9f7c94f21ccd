"""A small file system that can really be full. Mounting one takes root."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int = 48) -> Iterator[Path]:
    """A file system of its own at `folder`, which has room for one server or one farm."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "lathe-test", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.fail(f"no file system can be mounted ({mounted.stderr.strip()}): run this test as root", pytrace=False)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Not one more byte fits, until the block ends."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                _write_all(file, size)
        yield
    finally:
        ballast.unlink()


def _write_all(file: IO[bytes], size: int) -> None:
    try:
        while file.write(b"\0" * size):
            pass
    except OSError:
        return
