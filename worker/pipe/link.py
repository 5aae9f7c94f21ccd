"""The private pipe between the supervisor and its trainer process: frames of JSON, never pickle. Imports no torch.

A frame is `u32 length of the head | head (JSON: [type, fields]) | raw chunk of a Points message`.
"""

import json
import os
import signal
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any, Protocol, cast, get_args

from pydantic import TypeAdapter

from backend.store.crash_points import Point, passing
from worker.pipe.messages import Assignment, Command, Exit, Finished, FromTrainer, Points, Release, Renewed, ToTrainer


class Link(Protocol):
    """The engine's view of its supervisor."""

    def send(self, message: FromTrainer) -> None:
        """Hand a message over; blocks while the supervisor is too far behind.

        Raises ValueError when a body holds NaN or an infinity: those live in chunks alone.
        """

    @property
    def has_commands(self) -> bool:
        """Returns whether `commands` would return something: checked after each step."""

    def commands(self) -> Sequence[Command | Release]:
        """Commands since the last call; empty at once, and cheaply, when there are none."""


class Unattended:
    """A link on which nobody listens and nobody asks for anything, for what is trained beside a run's timeline."""

    has_commands = False

    def send(self, message: FromTrainer) -> None:
        pass

    def commands(self) -> Sequence[Command | Release]:
        return ()


_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in get_args(ToTrainer) + get_args(FromTrainer)
}


def encode(message: ToTrainer | FromTrainer) -> bytes:
    """One frame. Raises ValueError for a number that JSON lacks."""
    name, chunk = type(message).__name__, b""
    fields = _ADAPTERS[name].dump_python(message)
    if isinstance(message, Points):
        fields["chunk"], chunk = "", message.chunk
    head = json.dumps([name, fields], allow_nan=False, separators=(",", ":")).encode()
    return struct.pack("<I", len(head)) + head + chunk


def decode(frame: bytes) -> ToTrainer | FromTrainer:
    """The message of a frame. Raises ValueError when it is none."""
    (length,) = struct.unpack_from("<I", frame)
    name, fields = json.loads(frame[4 : 4 + length])
    message = _ADAPTERS[name].validate_python(fields)
    if isinstance(message, Points):
        message = replace(message, chunk=frame[4 + length :])
    return cast(ToTrainer | FromTrainer, message)


class PipeLink:
    """The trainer's end of the pipe. A thread listens, so that `commands` never waits.

    The process group ends at once when the supervisor is gone, or when it holds a run and has not heard for
    `patience` seconds that its lease was renewed: by then another worker may be about to take the run.
    """

    def __init__(self, connection: Connection, patience: float) -> None:
        self._connection = connection
        self._patience = patience
        self._heard = monotonic()
        self._holds_run = False
        self._sending = Lock()
        self._waiting: deque[Command | Release] = deque()
        self._work: SimpleQueue[Assignment | Exit] = SimpleQueue()
        Thread(target=self._listen, name="link", daemon=True).start()

    def send(self, message: FromTrainer) -> None:
        frame = encode(message)
        with self._sending:
            if isinstance(message, Finished):
                self._holds_run = False
            self._connection.send_bytes(frame)
        if isinstance(message, Points):
            passing(Point.POINTS_SENT)

    @property
    def has_commands(self) -> bool:
        return bool(self._waiting)

    def commands(self) -> Sequence[Command | Release]:
        if not self._waiting:
            return ()
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    @property
    def has_work(self) -> bool:
        """Returns whether `work` would return at once."""
        return not self._work.empty()

    def work(self) -> Assignment | Exit:
        """Waits for the next thing to do."""
        return self._work.get()

    def _listen(self) -> None:
        try:
            while self._connection.poll(self._left()) or not self._expired():
                if self._connection.poll():
                    self._take(cast(ToTrainer, decode(self._connection.recv_bytes())))
        except (EOFError, OSError):
            pass  # the supervisor is gone
        finally:
            end_process_group()

    def _left(self) -> float | None:
        return max(0.0, self._heard + self._patience - monotonic()) if self._holds_run else None

    def _expired(self) -> bool:
        return self._holds_run and monotonic() > self._heard + self._patience

    def _take(self, message: ToTrainer) -> None:
        if isinstance(message, Assignment | Renewed):
            self._heard = monotonic()
        if isinstance(message, Assignment):
            self._waiting.clear()
            self._holds_run = True
        if isinstance(message, Assignment | Exit):
            self._work.put(message)
        elif isinstance(message, Command | Release):
            self._waiting.append(message)
            passing(Point.COMMAND_HEARD)


def end_process_group() -> None:
    """Kill this process and every process it started; it must lead a session of its own."""
    os.killpg(os.getpid(), signal.SIGKILL)
