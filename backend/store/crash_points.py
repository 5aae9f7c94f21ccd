"""Named places between which something could be left half done. A test can halt a process there, end it, or ask for
something, and let it go on: `CRASH_POINTS` in the environment says where it listens.

Without that variable a passing costs one comparison. Each place is declared here and passed in one place of the code.
"""

import os
import socket
from enum import StrEnum


class Point(StrEnum):
    """A place in the code, in the order of a run's life."""

    # ---- whoever owns a run
    COMMITTING = "a transaction has written everything and is to be committed"
    COMMITTED = "a transaction was committed"
    CLAIMED = "a run was claimed and nothing was made of it"
    FILE_SHARED = "one file of a fork's past has its second name, and nothing is registered"
    ASSIGNING = "the assignment was made and not handed over"
    ASSIGNED = "the assignment was handed over"
    COMMAND_FORWARDED = "a command was handed over"
    ASKED_BACK = "the trainer was asked to give the run back"
    HEARD = "messages were received and not written"
    COLLECTING = "files that nobody registered were found and not deleted"

    # ---- its trainer
    STARTED = "the process has begun"
    READY = "it has said that it is ready"
    ASSIGNMENT_TAKEN = "it has taken an assignment"
    COMMAND_HEARD = "a command has arrived and waits"
    DATA_LOADED = "the data are loaded, the model is not"
    STATE_LOADED = "the model is built, or loaded from a checkpoint"
    STAGE_BEGAN = "the beginning of a stage was told"
    PHASE_BEGINS = "a phase of a stage is to begin"
    TRANSFORMED = "a phase that changes the model at once has done so"
    FIRST_STEP = "a training is about to take its first step in this process"
    ATTENDING = "what was asked is about to be looked at, between two steps"
    OBEYED = "a command was carried out and not answered"
    RESTING = "it is paused"
    WITHIN_STEP = "a step has its gradient, the weights are as before"
    STEPPED = "a step was taken and not recorded"
    EPOCH_ENDED = "an epoch was validated"
    POINTS_SENT = "points were sent, where the run is was not"
    CHECKPOINT_BEGUN = "a checkpoint has a file without content"
    CHECKPOINT_WRITTEN = "a checkpoint is on the disk without its name"
    CHECKPOINT_NAMED = "a checkpoint has its name and is not announced"
    CHECKPOINT_REPORTED = "a checkpoint was announced"
    PHASE_ENDED = "a phase has ended, the next one has not begun"
    MEASURING = "a stage is being measured, some of its files are there"
    MEASURED = "a stage was measured, which was not told"
    STAGE_REPORTED = "what was measured was told, and there is no checkpoint after it"
    STAGE_ENDED = "a stage has ended, the next one has not begun"
    FINISHING = "all is done, which was not told"


_listener = ""
_halts: frozenset[str] = frozenset()


def listen(where: str) -> None:
    """Halt where the socket's path and the names of points after it say: at all of them without names, at none when it is
    empty."""
    global _listener, _halts
    _listener, *names = where.split() or [""]
    _halts = frozenset(names or Point.__members__) if _listener else frozenset()


def passing(point: Point) -> None:
    """This process passes `point`; where somebody listens, it goes on when they say so."""
    if _halts and point.name in _halts:
        _halt(point)


def _halt(point: Point) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(_listener)
        line.sendall(f"{point.name} {os.getpid()}\n".encode())
        line.recv(1)


listen(os.environ.get("CRASH_POINTS", ""))
