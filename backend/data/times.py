"""Times and dates as seconds, in every format alike."""

import re
from datetime import UTC, datetime, timedelta

SINCE_1970 = "seconds since 1970-01-01"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?)?")


def moment(cell: str) -> str | None:
    """The seconds since 1970 of a date or time in the notation of ISO 8601, without a zone in UTC; None of any other text."""
    if not _ISO.fullmatch(cell):
        return None
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:  # a month 13
        return None
    ticks = (found.replace(tzinfo=found.tzinfo or UTC) - _EPOCH) // _MICROSECOND
    return seconds(ticks, 10**6)


def seconds(ticks: int, per_second: int) -> str:
    """So many ticks in seconds, exact where they are whole."""
    return str(ticks // per_second) if ticks % per_second == 0 else repr(ticks / per_second)
