"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, DateTime, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

E = TypeVar("E", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """A moment, always timezone-aware and in UTC. SQLite keeps no timezone, so that it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "a moment without a timezone means nothing"
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[E], Generic[E]):
    """A member of a StrEnum, stored as its text: adding a member needs no migration."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[E], length: int = 16) -> None:
        super().__init__(length)
        self.words = words

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(self.words(value).value)

    def process_result_value(self, value: Any, dialect: Dialect) -> E | None:
        return None if value is None else self.words(value)


class Prose(TypeDecorator[str]):
    """Sentences that may quote anything, such as another program's error: what databases refuse is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return (
            None
            if value is None
            else value.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
        )


class WriteNumber(FunctionElement[int]):
    """The number of a write to the table of runs; `backend.store.changes` says what its order means."""

    type = BigInteger()
    inherit_cache = True


@compiles(WriteNumber, "postgresql")
def _transaction(element: WriteNumber, compiler: Any, **options: Any) -> str:
    return "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"


@compiles(WriteNumber, "sqlite")
def _next(element: WriteNumber, compiler: Any, **options: Any) -> str:
    # An empty table begins at the clock, in microseconds: beyond the numbers that it has had before.
    return "(SELECT coalesce(max(changed), CAST(unixepoch('subsec') * 1000000 AS INTEGER)) + 1 FROM runs)"
