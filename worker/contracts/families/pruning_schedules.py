"""Pruning schedules: the distribution of a pruning over time."""

from collections.abc import Sequence
from typing import ClassVar

from worker.contracts.component import Component


class PruningSchedule(Component, family="pruning_schedules", default="one_shot"):
    """Distribution of a pruning over time."""

    at_once: ClassVar[bool] = False
    """True when everything is pruned in one step, so that a method need not state its share in advance."""
    grows: ClassVar[bool] = False
    """True when masks grow during the recovery, as `grow` defines; otherwise pruning and recovery alternate."""

    @classmethod
    def capabilities(cls) -> tuple[str, ...]:
        return tuple(["spread"] * (not cls.at_once) + ["grows"] * cls.grows)

    def shares(self, share: float) -> Sequence[float]:
        """Removed share after each round, `share` after the last one; a pure function."""
        return [share]

    def grow(self, first: float, last: float, done: int, total: int) -> float | None:
        """The share that is to be gone after step `done` (1 … `total`) of a training that began with `first` gone and ends
        with `last`; None where the masks stay as they are. A pure function."""
        return None
