"""Which studies nobody leads, told from their counters alone."""

from time import monotonic

from backend.store import tables


class Watch:
    """A study is free when nobody holds it, or when its counter has stood still for a whole lease on our own clock."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease = lease_seconds
        self._seen: dict[str, tuple[int, float]] = {}  # the counter, and since when it stands there

    def free(self, row: tables.Study) -> bool:
        beat, since = self._seen.get(row.id, (-1, 0.0))
        if beat != row.beat:
            self._seen[row.id] = (row.beat, since := monotonic())
        return row.holder is None or monotonic() - since >= self._lease
