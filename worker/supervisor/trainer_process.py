"""Holds the trainer process: starts it, talks to it, watches it and, if need be, kills it."""

import logging
import os
import signal
import socket
import struct
import subprocess
import sys
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import IO, cast

import worker
from backend.domain.settings import Settings
from worker.pipe.link import decode, encode
from worker.pipe.messages import FromTrainer, ToTrainer

log = logging.getLogger("lathe.trainer")

_WAITING = 256  # messages that wait unread before the trainer is held back
_LONGEST_LINE = 1 << 16  # bytes: a longer one is heard in pieces
_SEND_SECONDS = 2  # a trainer that does not take a message for so long is as good as dead


class TrainerProcess:
    """One spawned `worker.trainer`, leader of its own process group. Rings `bell` whenever there is news.

    Create it from a thread that stays: the kernel kills the trainer when that thread ends.
    """

    def __init__(self, settings: Settings, bell: Event) -> None:
        self._bell = bell
        self._inbox: Queue[FromTrainer] = Queue(_WAITING)
        self._last_words: deque[str] = deque(maxlen=20)
        self._connection, theirs = _pair()
        with theirs:
            self._process = spawn(theirs.fileno(), settings)
        self._threads = [
            Thread(target=self._read, name="trainer-pipe", daemon=True),
            Thread(target=self._overhear, name="trainer-output", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Returns whether it has ended and all its messages were received."""
        return not self._threads[0].is_alive() and self._inbox.empty()

    def send(self, message: ToTrainer) -> None:
        """Hand over a message; a trainer that cannot take it is killed and will be found `ended`."""
        try:
            self._connection.send_bytes(encode(message))
        except OSError:
            self.kill()

    def receive(self) -> list[FromTrainer]:
        """Messages since the last call; never waits."""
        messages: list[FromTrainer] = []
        try:
            while len(messages) < _WAITING:
                messages.append(self._inbox.get_nowait())
        except Empty:
            pass
        return messages

    def kill(self) -> None:
        """End it and every process that it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            self._process.poll()

    def bury(self) -> str:
        """Removes what is left, and returns how it ended: `was killed by SIGKILL`, with its last lines."""
        self.kill()
        code = self._process.wait()
        while not self.ended:
            self.receive()
            self._threads[0].join(0.01)
        self._threads[1].join(timeout=1.0)
        self._connection.close()
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        if code == -signal.SIGKILL:
            how += ", as the system does when memory runs out"
        words = next((line for line in reversed(self._last_words) if line.strip()), "")
        return f"{how} ({words})" if words else how

    @property
    def last_words(self) -> str:
        """The last lines that it wrote."""
        return "\n".join(self._last_words)

    def wait(self, seconds: float) -> bool:
        """Returns whether it ended by itself within so many seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _read(self) -> None:
        try:
            while True:
                self._inbox.put(cast(FromTrainer, decode(self._connection.recv_bytes())))
                self._bell.set()
        except (EOFError, OSError):
            pass
        except Exception:
            log.exception("The trainer sent a message that cannot be read; it is killed.")
            self.kill()
        finally:
            self._bell.set()

    def _overhear(self) -> None:
        with cast(IO[bytes], self._process.stdout) as output:
            for line in iter(lambda: output.readline(_LONGEST_LINE), b""):
                text = line.decode(errors="replace").rstrip()
                self._last_words.append(text[:500])
                log.debug("%s", text)


def spawn(descriptor: int, settings: Settings) -> "subprocess.Popen[bytes]":
    """A fresh interpreter, at the other end of the pipe that `descriptor` is."""
    return subprocess.Popen(
        [sys.executable, "-m", "worker.trainer", str(descriptor), str(os.getpid())],
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=environment(settings),
    )


def _pair() -> tuple[Connection, socket.socket]:
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_SECONDS, 0))
    return Connection(ours.detach()), theirs


def environment(settings: Settings) -> dict[str, str]:
    """Ours, with the settings spelt out and this code first on the path; without the secrets of the servers."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LATHE_")}
    spelt = settings.model_dump(exclude={"database", "broker"})
    code = str(Path(worker.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [code, os.environ.get("PYTHONPATH")]))
    return {
        **ours,
        **{f"LATHE_{name.upper()}": str(value) for name, value in spelt.items()},
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
