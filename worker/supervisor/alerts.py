"""Watches a run's alerts: each is raised once in the run's life."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from backend.domain.experiment.alerts import Alert
from backend.store.chunks import Chunk


@dataclass(frozen=True)
class AlertWatch:
    """One alert with its state: the best value, and the number of values since then that were not better."""

    index: int
    alert: Alert
    raised: bool = False
    best: float | None = None
    waited: int = 0

    def watch(self, chunk: Chunk) -> tuple[Self, dict[str, Any] | None]:
        """The alarm after these points, and the body of the event when one of them raises it."""
        alarm = self
        for step, value in zip(chunk.steps.tolist(), chunk.metrics.get(self.alert.metric, ()), strict=False):
            if alarm.raised:
                break
            alarm = alarm._see(float(value))
            if alarm.raised:
                return alarm, {
                    "alert": self.index,
                    "metric": self.alert.metric,
                    "step": step,
                    "text": self.alert.words(float(value)),
                    "then": self.alert.then,
                }
        return alarm, None

    def _see(self, value: float) -> Self:
        alert = self.alert
        if math.isnan(value):
            return replace(self, raised=True)
        if alert.still is None:
            over = alert.above is not None and value > alert.above
            return replace(self, raised=over or (alert.below is not None and value < alert.below))
        if self.best is None or (value > self.best if alert.rising else value < self.best):
            return replace(self, best=value, waited=0)
        return replace(self, waited=self.waited + 1, raised=self.waited + 1 >= alert.still)


def again(watching: Iterable[AlertWatch], chunks: Sequence[Chunk]) -> tuple[AlertWatch, ...]:
    """The alarms as all points of the run leave them: others may have watched before, and what a rewind took back counts
    no more."""
    found = []
    for alarm in watching:
        if not alarm.raised:
            alarm = replace(alarm, best=None, waited=0)
            for chunk in chunks:
                alarm, _ = alarm.watch(chunk)
        found.append(alarm)
    return tuple(found)


def alarms(spec: Mapping[str, Any], raised: Collection[int]) -> tuple[AlertWatch, ...]:
    """Of a run's spec; `raised` are those that were before its owner claimed it."""
    alerts = [Alert.model_validate(alert) for alert in spec.get("alerts", [])]
    return tuple(AlertWatch(index, alert, index in raised) for index, alert in enumerate(alerts))
