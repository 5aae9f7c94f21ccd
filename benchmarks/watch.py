"""Runs every benchmark so that it can be watched while it measures, and ends at once on Ctrl+C.

A benchmark prints each figure when it has it, and goes `through` what takes long. It runs in a process of its own with
a temporary folder of its own, so that it needs no code for an interruption: its watcher passes on what it prints. On
Ctrl+C the watcher kills all its processes, removes the folder and prints once more what was measured so far.
"""

import ctypes
import math
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import TypeVar

from worker.process.parent_death import die_with_parent

T = TypeVar("T")

REPORT_SECONDS = 5.0  # between two lines of progress
INTERRUPTED = 130  # exit code, as of a shell
_PR_SET_CHILD_SUBREAPER = 36

Benchmark = Callable[[], int | None]
"""Measures and prints; returns the exit code."""


def run(benchmark: Benchmark) -> int:
    """Runs it under watch; returns its exit code, or INTERRUPTED."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans among its processes become ours
    began, interrupted = monotonic(), False
    with tempfile.TemporaryDirectory(prefix="lathe-benchmark-") as folder:
        reader, writer = os.pipe()
        process = get_context("fork").Process(target=_measure, args=(benchmark, folder, writer, os.getpid()))
        printed: list[str] = []
        passing = Thread(target=_pass_on, args=(reader, printed), daemon=True)
        try:  # from the start on: it may be interrupted before it has printed anything
            process.start()
            os.close(writer)
            passing.start()
            process.join()
        except KeyboardInterrupt:
            interrupted = True
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one changes nothing
        _end_family()
        if passing.is_alive():
            passing.join()
    if not interrupted:
        return process.exitcode or 0
    print(f"\nInterrupted after {duration(monotonic() - began)}. Measured so far:\n\n{''.join(printed)}", flush=True)
    return INTERRUPTED


def through(items: Iterable[T], what: str) -> Iterator[T]:
    """Yields each of `items` and reports progress on the way."""
    waiting, pace = list(items), Pace(what)
    for done, item in enumerate(waiting):
        pace.report(done, len(waiting))
        yield item


class Pace:
    """Reports on standard error, at once and then every few seconds, the progress of `what` and the estimated time left."""

    def __init__(self, what: str) -> None:
        self._what, self._began, self._reported = what, monotonic(), -math.inf

    def report(self, done: int, total: int) -> None:
        now = monotonic()
        if now - self._reported >= REPORT_SECONDS:
            left = f", about {duration((now - self._began) / done * (total - done))} more" if done else ""
            print(f"  {self._what}: {done:,} of {total:,}{left}", file=sys.stderr, flush=True)
            self._reported = now


def duration(seconds: float) -> str:
    """`48 s` or `3 min`."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _measure(benchmark: Benchmark, folder: str, writer: int, watcher: int) -> None:
    """Process of the benchmark: it prints line by line to the watcher and writes its files into `folder`."""
    os.setsid()  # Ctrl+C is the watcher's
    die_with_parent(watcher)
    os.dup2(writer, sys.stdout.fileno())
    os.close(writer)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    sys.exit(benchmark())


def _pass_on(reader: int, printed: list[str]) -> None:
    with open(reader, encoding="utf-8") as lines:
        for line in lines:
            printed.append(line)
            print(line, end="", flush=True)


def _end_family() -> None:
    """Kill every process that descends from this one, and wait until they are gone."""
    while family := list(_descendants(os.getpid())):
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        sleep(0.01)


def _descendants(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(status.parent.name))
    waiting = [root]
    while waiting:
        found = children.get(waiting.pop(), [])
        yield from found
        waiting += found
