"""Starts processes of ours, and ends them."""

import atexit
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from tests import outside
from tests.patience import until
from tests.processes.forking import PR_SET_PDEATHSIG, ROOT

_LONGEST_COMMAND = 400


@dataclass(frozen=True)
class Process:
    """A process that leads a session of its own and ends with the tests, however those end."""

    pid: int
    log: Path
    """Its output."""
    poll: Callable[[], int | None]
    """Its exit status, negative when a signal ended it; None while it runs."""

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float = 40) -> int:
        """Wait for its end; its exit status."""
        until(lambda: self.poll() is not None, seconds, f"the end of process {self.pid}", self.log)
        code = self.poll()
        assert code is not None
        return code

    def end(self, how: signal.Signals = signal.SIGTERM, seconds: float = 40) -> int:
        """Ask it to end, also if it is stopped, and wait; what is left of its session after so many seconds is killed."""
        for number in (signal.SIGCONT, how):
            self.send_signal(number)
        try:
            return self.wait(seconds)
        except AssertionError:
            os.killpg(self.pid, signal.SIGKILL)
            raise


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, fresh: bool = False) -> Process:
    """Run a module with its arguments as `python -m` does: in a forked process, or in a fresh interpreter."""
    outside.demand()
    named = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return _fresh(command, named, log) if fresh else _template().start(command, named, log)


def _fresh(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_prepare,
        )
    return Process(process.pid, log, process.poll)


def _prepare() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests that run in the background inherit it ignored


class _Template:
    """The process that others are forked from."""

    def __init__(self) -> None:
        self._asking = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.template", " " * _LONGEST_COMMAND],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._answer() == "ready"

    def start(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
        pid = self._ask({"command": [*command], "environment": {**environment}, "log": str(log.absolute())})
        return Process(pid, log, lambda: self._ask({"pid": pid}))

    def close(self) -> None:
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()

    def _ask(self, question: dict[str, Any]) -> Any:
        with self._asking:
            assert self._process.stdin
            print(json.dumps(question), file=self._process.stdin, flush=True)
            return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


@cache
def _template() -> _Template:
    template = _Template()
    atexit.register(template.close)
    return template
