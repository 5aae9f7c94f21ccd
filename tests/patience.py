"""Waiting for events: as long as they may take on a machine that is ours alone, and longer the less of it is ours.

Every wait of the tests is told how many seconds a quiet machine is granted. They are counted by how fast things go here:
while four processes share a core, a second takes four.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.02
ROOM = 3.0
"""Factor on the time of an answer with a fixed limit, since the load in the meantime is not known in advance."""


def slowness() -> float:
    """Slowdown compared with a quiet machine: threads per core that want to run now, or did lately."""
    lately, _, _, now, *_ = Path("/proc/loadavg").read_text().replace("/", " ").split()
    return max(1.0, float(lately) / _cores(), float(now) / _cores())


def granted(seconds: float) -> float:
    """Seconds for something that takes one fixed limit, instead of `until`."""
    return ROOM * seconds * slowness()


class Stopwatch:
    """Counts the seconds that would have passed on a quiet machine, by looks that are not far apart."""

    def __init__(self) -> None:
        self._seconds, self._looked = 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        now = time.monotonic()
        self._seconds += (now - self._looked) / slowness()
        self._looked = now
        return self._seconds


def until(found: Callable[[], T | None], seconds: float, what: str, *logs: Path) -> T:
    """Wait until `found` finds something; fail when it has not within so many seconds of a quiet machine."""
    watch = Stopwatch()
    while not (value := found()):
        if watch.seconds > seconds:
            reported = "\n".join(log.read_text(errors="replace")[-3000:] for log in logs)
            raise AssertionError(
                f"{what} did not come within {seconds:g} s, {slowness():.1f} times as long here\n{reported}"
            )
        time.sleep(LOOK_SECONDS)
    return value


def _cores() -> int:
    return len(os.sched_getaffinity(0))
