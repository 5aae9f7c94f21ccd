"""Compacts points in the background, in a thread of the server's own.

Where several servers share a database one of them does it; another one takes over when that one is gone.
"""

import logging
from contextlib import suppress
from threading import Event, Thread
from time import monotonic

from backend.store.blocks import compaction, leading
from backend.store.blocks.compaction import Overtaken
from backend.store.blocks.making import Unfaithful
from backend.store.clock import new_id
from backend.store.session import UNAVAILABLE, Store

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # between two looks for what is to be done
SWEEP_SECONDS = 60.0  # between two looks at runs that are over: those that ended unseen
TAKE_OVER_SECONDS = 60.0  # for which the beat of another server's compactor has stood still when it counts as gone


class Closing(Exception):
    """The server ends; what was begun is finished by the next one."""


class Compactor:
    """Works from `start` to `close`."""

    def __init__(self, store: Store) -> None:
        self._store, self._id = store, new_id()
        self._closing = Event()
        self._settled: set[str] = set()  # runs that are over, and of which nothing is left to compact
        self._spoilt: set[str] = set()  # runs that cannot be compacted
        self._beat, self._since = -1, monotonic()  # of whoever leads, and since when it stands there
        self._swept = float("-inf")
        self._thread = Thread(target=self._work, name="compactor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Returns when no transaction is under way."""
        self._closing.set()
        self._thread.join()
        with suppress(*UNAVAILABLE), self._store.begin() as session:
            leading.release(session, self._id)

    def _work(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            try:
                self._look()
            except Closing:
                return
            except UNAVAILABLE as error:
                log.warning(
                    "points stay uncompacted, since the database cannot be reached: %s", str(error).splitlines()[0]
                )
            except Exception:
                log.exception("points could not be compacted")

    def _look(self) -> None:
        """Compact what is due of every run."""
        sweep = monotonic() - self._swept >= SWEEP_SECONDS
        with self._store.read() as session:
            found = compaction.candidates(session, over=sweep)
        for run_id, over in found.items():
            if run_id not in self._spoilt | self._settled and self._leads():
                self._compact(run_id, over)
        if sweep:
            self._swept = monotonic()

    def _compact(self, run_id: str, over: bool) -> None:
        try:
            compaction.tidy(self._store, run_id, self._give_way)
            while compaction.compact(self._store, run_id, self._give_way) and self._leads():
                pass
        except Overtaken:
            return
        except Unfaithful as error:
            log.warning("points of run %s stay uncompacted, since they could not be restored: %s", run_id, error)
            self._spoilt.add(run_id)
        if over:
            self._settled.add(run_id)

    def _leads(self) -> bool:
        """Beat, or find out whether whoever leads still does."""
        still = monotonic() - self._since >= TAKE_OVER_SECONDS
        with self._store.begin() as session:
            mine, beat = leading.beat(session, self._id, self._beat if still else None)
        if beat != self._beat:
            self._beat, self._since = beat, monotonic()
        return mine

    def _give_way(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise Closing
