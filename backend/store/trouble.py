"""Tells apart the reasons why the database refuses work: each has its own remedy."""

from enum import StrEnum

from sqlalchemy.exc import DBAPIError

_SQLITE = {5: "locked", 6: "locked", 13: "full"}  # primary result codes: BUSY, LOCKED, FULL
_POSTGRESQL = {"53100": "full", "55P03": "locked"}


class Trouble(StrEnum):
    """Completes the sentence `The database …`."""

    FULL = "has no space left on its disk"
    LOCKED = "is locked by another process"
    AWAY = "cannot be reached"


def trouble(error: BaseException) -> Trouble:
    """The kind of an error that is one of `session.UNAVAILABLE`."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF) or _POSTGRESQL.get(getattr(cause, "sqlstate", ""))
    return Trouble[code.upper()] if code else Trouble.AWAY
