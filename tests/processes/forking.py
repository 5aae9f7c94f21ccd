"""Forks a process that runs a module of ours, in the place of an interpreter that would have to import it."""

import atexit
import ctypes
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from backend.store import crash_points

ROOT = Path(__file__).parents[2]
FORKED = {
    "backend",
    "backend.embedded",
    "celery",
    "tests.faults.dying_api",
    "tests.faults.halting",
    "worker.app",
    "worker.trainer",
}
"""Modules that need not run in a clean process. Not the conductor of studies: it opens the database that the worker, which
it would be forked from, has open, and SQLite's locks do not survive a fork."""

_LAST_DESCRIPTOR = 4096
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Start:
    """Command and environment of a process."""

    command: Sequence[str]
    """A module and its arguments."""
    environment: Mapping[str, str]
    streams: Mapping[int, int]
    """Its standard streams: their number -> a descriptor of ours."""
    kept: Sequence[int] = ()
    """Descriptors that it keeps."""
    session: bool = True
    """It leads a session of its own."""
    tied: bool = False
    """It is told to end when whoever started it ends."""
    first: Callable[[], None] = field(default=lambda: None)
    """Called in it before anything else."""


def forked(start: Start) -> int:
    """The process id of a child that runs the module and ends."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _become(start)
        code = _run(start.command)
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)


def _become(start: Start) -> None:
    if start.session:
        os.setsid()
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if start.tied:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    start.first()
    for number, descriptor in start.streams.items():
        os.dup2(descriptor, number)
    _close_all_but(start.kept)
    os.environ.clear()
    os.environ.update(start.environment)
    tempfile.tempdir = None
    crash_points.listen(os.environ.get("CRASH_POINTS", ""))
    os.chdir(ROOT)
    _title(f"{sys.executable} -m {' '.join(start.command)}")


def _run(command: Sequence[str]) -> int:
    """Run the module as `python -m` would; its exit status."""
    module, *sys.argv[1:] = command
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if not isinstance(end.code, str):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    return 0


def _close_all_but(kept: Sequence[int]) -> None:
    edges = [2, *sorted(kept), _LAST_DESCRIPTOR]
    for before, after in pairwise(edges):
        os.closerange(before + 1, after)


def _title(command: str) -> None:
    """Show this command line, where the system tells those of processes."""
    begin, end = (int(place) for place in Path("/proc/self/stat").read_text().rpartition(")")[2].split()[45:47])
    with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
        memory.seek(begin)
        memory.write(command.encode().replace(b" ", b"\0")[: end - begin - 1].ljust(end - begin, b"\0"))


class Popen(subprocess.Popen[Any]):
    """Forks where that will do."""

    def _execute_child(
        self, args: Any, executable: Any, preexec_fn: Any, close_fds: bool, pass_fds: Any, *rest: Any
    ) -> None:
        if not (isinstance(args, list) and args[:2] == [sys.executable, "-m"] and args[2] in FORKED):
            super()._execute_child(args, executable, preexec_fn, close_fds, pass_fds, *rest)  # type: ignore[misc]
            return
        _, environment, _, _, _, *pipes = rest[:11]
        theirs = {number: pipes[place] for number, place in enumerate((0, 3, 5)) if pipes[place] != -1}
        session = rest[-2]
        start = Start(
            args[2:],
            os.environ if environment is None else environment,
            theirs,
            pass_fds,
            session,
            False,
            preexec_fn or (lambda: None),
        )
        self.pid = forked(start)
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]
