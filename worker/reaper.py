"""Takes runs from owners that are gone: law 2, as seen by whoever waits for them."""

import logging
from collections.abc import Callable, Mapping
from time import monotonic

from backend.store import runs, workers
from backend.store.session import Store

log = logging.getLogger("lathe.reaper")

Counters = tuple[int, ...]


class Stillness:
    """How long counters have stood still, as watched by this process on its own clock.

    Only time during which it was itself awake counts: each look adds at most `most` seconds, so that a machine that
    was frozen as a whole finds nobody dead when it wakes. Wall clocks play no part.
    """

    def __init__(self, most: float, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._looked = clock()
        self._seen: dict[str, tuple[Counters, float]] = {}

    def look(self, counters: Mapping[str, Counters]) -> dict[str, float]:
        """Seconds for which each has not moved since it was first seen."""
        now = self._clock()
        passed, self._looked = min(now - self._looked, self._most), now
        self._seen = {key: (value, self._age(key, value, passed)) for key, value in counters.items()}
        return {key: age for key, (_, age) in self._seen.items()}

    def _age(self, key: str, value: Counters, passed: float) -> float:
        before, age = self._seen.get(key, (None, 0.0))
        return age + passed if before == value else 0.0


class Reaper:
    """Returns runs to the queue, and counts workers as gone, whose heartbeat stood still for a whole `ttl`.

    Call `look` about every `interval` seconds.
    """

    def __init__(self, store: Store, ttl: float, interval: float, clock: Callable[[], float] = monotonic) -> None:
        self._store, self._ttl = store, ttl
        self._runs, self._workers = Stillness(2 * interval, clock), Stillness(2 * interval, clock)

    def look(self, own: str | None = None) -> list[str]:
        """Look once; returns the runs that were taken. `own` is the run that this worker holds."""
        with self._store.read() as session:
            leases = {run: (epoch, heartbeat) for run, epoch, heartbeat in runs.leases(session) if run != own}
            beats = dict(workers.beats(session))
        lost = self._workers.look({worker: (heartbeat,) for worker, heartbeat in beats.items()})
        for worker in (worker for worker, age in lost.items() if age >= self._ttl):
            with self._store.begin() as session:
                workers.lose(session, worker, beats[worker])
        still = self._runs.look(leases)
        return [run for run, age in still.items() if age >= self._ttl and self._reap(run, *leases[run])]

    def _reap(self, run_id: str, epoch: int, heartbeat: int) -> bool:
        with self._store.begin() as session:
            taken = runs.reap(session, run_id, epoch, heartbeat, "Its worker was not heard of any more.")
        if taken:
            log.warning("Run %s goes back to the queue: its worker was not heard of for %.0f s.", run_id, self._ttl)
        return taken
