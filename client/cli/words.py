"""Formats numbers and names for a terminal."""

import re
from datetime import UTC, datetime

from client.wire.models import RunDetail, RunRow

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
DASH = "–"


def plain(text: str) -> str:
    """Replaces control characters, so that the text moves no cursor and starts no new line."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def percent(share: float | None) -> str:
    return DASH if share is None else f"{100 * share:.2f} %"


def size(count: float | None) -> str:
    if count is None:
        return DASH
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if count >= factor:
            return f"{count / factor:.4g} {unit}"
    return f"{count:.0f} B"


def milliseconds(value: float | None) -> str:
    return DASH if value is None else f"{value:.4g} ms"


def number(value: float | None) -> str:
    return DASH if value is None else f"{value:.4g}"


def duration(seconds: float | None) -> str:
    """Time in short: `4 s`, `2:05`, `1:02:05`."""
    if seconds is None:
        return DASH
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def times(seen: RunDetail) -> str:
    """Times of a run: `trained 36 s + 40 s before the fork, measured for 12 s`."""
    trained = f"trained {duration(seen.active_seconds)}"
    if seen.inherited_seconds:
        trained += f" + {duration(seen.inherited_seconds)} before the fork"
    measured = seen.measuring_seconds
    return trained if measured is None else f"{trained}, measured for {duration(measured)}"


def age(at: datetime) -> str:
    """Age in short: `12 s ago`, `3 h ago`."""
    seconds = max((datetime.now(UTC) - at).total_seconds(), 0)
    for unit, factor in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= factor:
            return f"{seconds // factor:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def steps(row: RunRow) -> str:
    return f"{row.step:,}" + (f" / {row.total_steps:,}" if row.total_steps else "")


def stage(row: RunRow) -> str:
    """Current stage: `2/4 prune: magnitude`; a dash before the first one."""
    if row.stage is None or row.stage >= len(row.stages):
        return DASH
    return f"{row.stage + 1}/{len(row.stages)} {row.stages[row.stage].label}"


def measure(name: str, value: float | None) -> str:
    """Value of a measure in its unit. Measures are those of trade-offs: `p95_ms@1`, `bytes`, `accuracy`."""
    base = name.partition("@")[0]
    if base == "accuracy":
        return percent(value)
    if base.endswith("bytes"):
        return size(value)
    return milliseconds(value) if base.endswith("_ms") else number(value)
