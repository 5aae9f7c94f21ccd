"""Finds the studies that nobody leads, by their counters alone."""

from collections.abc import Sequence
from time import monotonic

from backend.store import tables
from backend.store.stillness import Stillness


class Watch:
    """A study is free when nobody holds it, or when its counter has stood still for a whole lease on our own clock."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease = lease_seconds
        self._beats = Stillness(0.4 * lease_seconds, monotonic)

    def free(self, rows: Sequence[tables.Study]) -> set[str]:
        """Ids of those that are, of every study that is led; look often within a lease."""
        still = self._beats.observe({row.id: (row.beat,) for row in rows})
        return {row.id for row in rows if row.holder is None or still[row.id] >= self._lease}

    def forget(self) -> None:
        """Watch them again, since the database took nothing."""
        self._beats.forget()
