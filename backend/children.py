"""A process that the launcher keeps alive."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TextIO

LONGEST_PAUSE = 30.0  # seconds before it is started once more
STEADY_SECONDS = 60.0  # one that lived for so long starts again without a pause

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Child:
    """Starts a command in a session of its own, so that Ctrl+C reaches the launcher alone, and again when it ends.

    The kernel tells it to stop (SIGTERM) when the launcher dies, however that dies. One that is `silent` is heard on its
    standard error alone.
    """

    def __init__(self, name: str, command: list[str], environment: dict[str, str], silent: bool = False) -> None:
        self.name, self._command, self._environment = name, command, environment
        self._output = subprocess.DEVNULL if silent else None
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._next_start = 0.0
        self._failures = 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            start_new_session=True,
            preexec_fn=_stop_with_launcher,
        )

    def tend(self) -> None:
        """Start it again when it has ended, after a pause that grows while it keeps ending."""
        if self.running:
            return
        if self._process is not None:
            self._pause(f"The {self.name} ended ({_how(self._process.returncode)})")
            self._process = None
        if time.monotonic() >= self._next_start:
            try:
                self.start()
            except OSError as error:  # neither memory nor processes are to be had now
                self._pause(f"The {self.name} cannot be started ({error.strerror})")

    def _pause(self, why: str) -> None:
        """Put the next start off, and say so."""
        self._failures = 0 if time.monotonic() - self._started > STEADY_SECONDS else self._failures + 1
        pause = min(LONGEST_PAUSE, 2.0 ** (self._failures - 1)) if self._failures else 0.0
        self._next_start = time.monotonic() + pause
        say(f"{why}; starting it again{f' in {pause:g} s' if pause else ''}.", sys.stderr)

    def terminate(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it and what it started, if anything of that is left."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def say(text: str, stream: TextIO) -> None:
    """Print a line, where somebody takes it: what is kept alive must not end with the terminal or a full disk."""
    with suppress(OSError):
        stream.write(f"{text}\n")
        stream.flush()


def _stop_with_launcher() -> None:
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
