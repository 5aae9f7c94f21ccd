"""Other programs' work on the machine, as the kernel counts it."""

import os
import time
from pathlib import Path

import pytest

from benchmarks.latency_trust import busy_loops
from worker.engine.measurement.neighbours import Neighbours


def write(stat: Path, busy: int, idle: int) -> None:
    """Counters of all processors, in hundredths of a second; guests are counted among the users."""
    stat.write_text(f"cpu {busy} 0 0 {idle} {idle} 0 0 0 {busy} 0\ncpu0 1 2 3\n")


def test_processors_are_what_others_worked_in_the_time_that_passed(tmp_path: Path) -> None:
    write(stat := tmp_path / "stat", 1000, 5000)
    neighbours = Neighbours(stat)
    began = time.perf_counter()
    time.sleep(0.2)
    ticks = os.sysconf("SC_CLK_TCK")
    write(stat, 1000 + ticks, 9000)
    assert neighbours.processors() == pytest.approx(1 / (time.perf_counter() - began), rel=0.2)


def test_idle_time_and_ones_own_work_are_nobodys(tmp_path: Path) -> None:
    write(stat := tmp_path / "stat", 1000, 5000)
    neighbours = Neighbours(stat)
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    write(stat, 1000 + int(0.1 * os.sysconf("SC_CLK_TCK")), 9000)
    assert (neighbours.processors() or 0) < 0.05


def test_a_kernel_that_does_not_count_is_no_obstacle(tmp_path: Path) -> None:
    assert Neighbours(tmp_path / "none").processors() is None


@pytest.mark.usefixtures("processes")
def test_a_busy_loop_is_counted() -> None:
    with busy_loops(1):
        time.sleep(0.3)  # until Python has begun
        neighbours = Neighbours()
        time.sleep(1.0)
        assert (neighbours.processors() or 0) > 0.4
