"""Tells how much other programs work on the machine meanwhile, by the counters of its kernel."""

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")
IDLE = (3, 4)  # places of the counters of a processor that does nothing, or waits for a disk
GUESTS = 8  # from here on they are counted a second time


class Neighbours:
    """Other programs' work since this was made."""

    def __init__(self, stat: Path = STAT) -> None:
        self._stat = stat
        self._before = self._counted(), time.process_time(), time.perf_counter()

    def processors(self) -> float | None:
        """Processors that other programs kept busy, on average; None where the kernel does not count."""
        (counted, own, began), now = self._before, self._counted()
        elapsed = time.perf_counter() - began
        if counted is None or now is None or elapsed <= 0:
            return None
        return max(0.0, (now - counted) - (time.process_time() - own)) / elapsed

    def _counted(self) -> float | None:
        """Seconds that all processors of the machine have worked."""
        try:
            with self._stat.open() as lines:
                _, *ticks = lines.readline().split()
        except OSError:
            return None
        busy = (int(tick) for place, tick in enumerate(ticks[:GUESTS]) if place not in IDLE)
        return sum(busy) / os.sysconf("SC_CLK_TCK")
