"""Counters that stand still, as one process sees them: the only way in which anything here is taken for dead."""

from collections.abc import Callable, Mapping

Counters = tuple[int, ...]


class Stillness:
    """Time for which counters have stood still, as watched by this process on its own clock.

    Only time during which it was itself awake counts: each look adds at most `most` seconds, so that a machine that
    was frozen as a whole finds nobody dead when it wakes. Wall clocks play no part.
    """

    def __init__(self, most: float, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._looked = clock()
        self._seen: dict[str, tuple[Counters, float]] = {}

    def observe(self, counters: Mapping[str, Counters]) -> dict[str, float]:
        """Seconds for which each has not moved since it was first seen."""
        now = self._clock()
        passed, self._looked = min(now - self._looked, self._most), now
        self._seen = {key: (value, self._age(key, value, passed)) for key, value in counters.items()}
        return {key: age for key, (_, age) in self._seen.items()}

    def forget(self) -> None:
        """Watch again from now on: nobody could move a counter while the database took nothing."""
        self._seen.clear()

    def _age(self, key: str, value: Counters, passed: float) -> float:
        before, age = self._seen.get(key, (None, 0.0))
        return age + passed if before == value else 0.0
