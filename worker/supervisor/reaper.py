"""Takes runs from owners that have died: their counters stand still."""

import logging
from collections.abc import Callable
from time import monotonic

from backend.store import runs, workers
from backend.store.session import Store
from backend.store.stillness import Stillness

log = logging.getLogger("lathe.reaper")


class Reaper:
    """Returns runs to the queue, and counts workers as gone, whose heartbeat stood still for a whole `ttl`.

    Call `check` about every `interval` seconds.
    """

    def __init__(self, store: Store, ttl: float, interval: float, clock: Callable[[], float] = monotonic) -> None:
        self._store, self._ttl = store, ttl
        self._runs, self._workers = Stillness(2 * interval, clock), Stillness(2 * interval, clock)

    def check(self, own: str | None = None) -> list[str]:
        """Look once; returns the runs that were taken. `own` is the run that this worker holds.

        It looks from a write transaction: a look while nobody could have moved a counter must fail and not count.
        """
        with self._store.begin() as session:
            leases = {run: (epoch, heartbeat) for run, epoch, heartbeat in runs.leases(session) if run != own}
            beats = {worker: heartbeat for worker, heartbeat, _ in workers.beats(session)}
        lost = self._workers.observe({worker: (heartbeat,) for worker, heartbeat in beats.items()})
        for worker in (worker for worker, age in lost.items() if age >= self._ttl):
            with self._store.begin() as session:
                workers.lose(session, worker, beats[worker])
        still = self._runs.observe(leases)
        return [run for run, age in still.items() if age >= self._ttl and self._reap(run, *leases[run])]

    def forget(self) -> None:
        """Restarts all observations: this worker could not write, so perhaps no other process could either."""
        self._runs.forget()
        self._workers.forget()

    def _reap(self, run_id: str, epoch: int, heartbeat: int) -> bool:
        with self._store.begin() as session:
            taken = runs.reap(session, run_id, epoch, heartbeat, "Its worker sent no more signs of life.")
        if taken:
            log.warning("Run %s goes back to the queue: its worker sent no sign of life for %.0f s.", run_id, self._ttl)
        return taken
