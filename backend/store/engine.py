"""The engine: which driver, which pragmas and time limits."""

import importlib
import json
from functools import partial
from types import ModuleType
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url

BUSY_SECONDS = 5  # shorter than a lease lives, so that a worker that cannot write notices in time
CONNECTIONS = 40  # of one process at once
KEPT = 10  # of these that stay open
POSTGRES_OPTIONS = (
    "-c timezone=UTC "
    # A writer that was suspended inside a transaction must not hold its run's row against the reaper.
    "-c idle_in_transaction_session_timeout=5s"
)


def dump_json(value: Any) -> str:
    """JSON that PostgreSQL takes too. Raises ValueError for NaN and the infinities: those live in chunks."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace").decode()  # a half of a surrogate pair becomes "?"


def open_engine(url: str, *, patience: float = BUSY_SECONDS, foreign_keys: bool = True) -> Engine:
    """An engine over `url` that waits `patience` seconds for a lock or a connection. Raises RuntimeError when the only
    SQLite at hand can corrupt a database."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, patience, foreign_keys)
    return _postgresql(address, patience)


def _postgresql(address: URL, patience: float) -> Engine:
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        json_serializer=dump_json,
        pool_pre_ping=True,
        pool_size=KEPT,
        max_overflow=CONNECTIONS - KEPT,
        pool_timeout=10,
        connect_args={
            "connect_timeout": max(2, round(patience)),  # libpq takes less than 2 for 2
            "tcp_user_timeout": round(2000 * patience),
            "options": f"{POSTGRES_OPTIONS} -c lock_timeout={round(1000 * patience)}ms",
        },
    )


def _sqlite(address: URL, patience: float, foreign_keys: bool) -> Engine:
    engine = create_engine(
        address.set(drivername="sqlite+pysqlite"),
        module=sqlite_module(),
        json_serializer=dump_json,
        pool_size=KEPT,
        max_overflow=CONNECTIONS - KEPT,
        pool_timeout=10,
        connect_args={"timeout": patience},
    )
    event.listen(engine, "connect", partial(_prepare_sqlite, foreign_keys))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(foreign_keys: bool, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin by itself: `_begin_sqlite` does
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        "journal_size_limit = 67108864",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def sqlite_module() -> ModuleType:
    """The first DB-API module whose SQLite is safe: the bundled one, else Python's own.

    One process must open a database through one SQLite library only: a second one would drop the first one's locks.
    """
    found = []
    for name in ("pysqlite3", "sqlite3"):
        try:
            module = importlib.import_module(f"{name}.dbapi2")
        except ImportError:
            continue
        if is_safe(module.sqlite_version_info):
            return module
        found.append(f"{name} has {module.sqlite_version}")
    raise RuntimeError(
        "SQLite before 3.51.3 can corrupt a database in WAL mode, and no safe one was found "
        f"({', '.join(found)}): install the package pysqlite3, a newer Python, or set LATHE_DATABASE to PostgreSQL."
    )


def is_safe(version: tuple[int, int, int]) -> bool:
    """Returns whether this SQLite has the fix for the race between a checkpoint and a commit in WAL mode."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)
