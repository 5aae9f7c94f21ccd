"""Reads the validation metric of a run from its events as they come."""

import math

from sqlalchemy.orm import Session

from backend.domain.run.events import EventKind
from backend.store import events
from backend.store.chunks import decode


class MetricReader:
    """The values of one metric of one run, in order; those that a rewind takes back are seen again, equal."""

    def __init__(self, run_id: str, metric: str) -> None:
        self._run_id, self._metric = run_id, metric
        self._cursor = 0
        self._seen: list[tuple[int, float]] = []  # step, value

    def read(self, session: Session) -> list[float]:
        """Every value so far."""
        while found := events.after(session, {self._run_id: self._cursor}):
            for event in found:
                self._cursor = event.seq
                if event.kind == EventKind.POINTS and event.chunk is not None:
                    chunk = decode(event.chunk)
                    self._seen += zip(chunk.steps.tolist(), chunk.metrics.get(self._metric, ()), strict=False)
                elif event.kind == EventKind.REWIND:
                    self._seen = [look for look in self._seen if look[0] <= event.body["step"]]
        return [float(value) if math.isfinite(value) else math.nan for _, value in self._seen]
