"""Sessions and transactions. Nothing else in the product says commit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from backend.store.crash_points import Point, passing
from backend.store.engine import BUSY_SECONDS, open_engine
from backend.store.migrate import migrate

__all__ = ["UNAVAILABLE", "Store", "migrate", "on_rollback"]

UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout)
"""Errors of a transaction while the database cannot be reached or is locked: nothing was written, try again."""


class Store:
    """One database, SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(begin="BEGIN IMMEDIATE")
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = engine.execution_options(**(snapshot if engine.dialect.name == "postgresql" else {}))

    @classmethod
    def open(cls, url: str, patience: float = BUSY_SECONDS) -> Self:
        """A store over the SQLAlchemy `url` (`sqlite:///path` or `postgresql://…`) that waits so many seconds for a
        lock or a connection. Opens no connection yet."""
        return cls(open_engine(url, patience=patience))

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A write transaction, committed when the block ends and rolled back when it raises.

        On SQLite it holds the one write lock from its first statement: keep it short.
        """
        with Session(self._writer, expire_on_commit=False) as session:
            try:
                yield session
                passing(Point.COMMITTING)
                session.commit()
            except BaseException:
                for undo in reversed(session.info.get("undo", [])):
                    undo()
                raise
        passing(Point.COMMITTED)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read transaction that sees one snapshot. What it loaded stays readable after it."""
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    def touch(self) -> None:
        """Write a row as it is, through to the disk. Raises UNAVAILABLE when the database takes nothing."""
        with self.begin() as session:
            session.execute(text("UPDATE alembic_version SET version_num = version_num"))

    def close(self) -> None:
        self.engine.dispose()


def on_rollback(session: Session, undo: Callable[[], None]) -> None:
    """Call `undo` when the write transaction of `session` does not commit: memory must not run ahead of the truth."""
    session.info.setdefault("undo", []).append(undo)
