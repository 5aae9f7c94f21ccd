"""An installation in one compressed file: its database, and the files that the database knows."""

import io
import lzma
import subprocess
import tarfile
from pathlib import Path

import psycopg

from backend.store.engine import sqlite_module
from tests import services

KEPT = ("runs", "uploads")
SQLITE, SQL = "lathe.sqlite", "lathe.sql"
PSQL_ONLY = b"\\"  # how lines begin that psql alone understands


def pack(data_dir: Path, url: str, archive: Path) -> None:
    """Write the installation, which nobody uses any more, into `archive`. Equal content gives equal bytes."""
    database = _dump(url, data_dir / SQL) if url.startswith("postgresql") else _compact(data_dir / SQLITE)
    files = sorted(path for place in KEPT for path in (data_dir / place).rglob("*") if path.is_file())
    archive.parent.mkdir(exist_ok=True)
    with (
        lzma.open(archive, "wb", preset=9 | lzma.PRESET_EXTREME) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        for path in [database, *files]:
            _add(tar, path, path.relative_to(data_dir).as_posix())


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """Without its time, owner and mode, which say nothing."""
    content = path.read_bytes()
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _compact(file: Path) -> Path:
    connection = sqlite_module().connect(str(file), isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("VACUUM")
    connection.close()
    return file


def _dump(url: str, target: Path) -> Path:
    """As plain SQL that any client can send, and servers of later versions take."""
    command = [services.postgresql_program("pg_dump"), "--inserts", "--rows-per-insert=50", "--no-owner", url]
    dumped = subprocess.run(command, capture_output=True, check=True).stdout
    target.write_bytes(b"".join(line for line in dumped.splitlines(True) if not line.startswith(PSQL_ONLY)))
    return target


def unpack(archive: Path, data_dir: Path) -> None:
    with tarfile.open(archive, "r:xz") as tar:
        tar.extractall(data_dir, filter="data")


def restore(data_dir: Path, url: str) -> None:
    """Fill the empty PostgreSQL database with what was dumped."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((data_dir / SQL).read_bytes())
