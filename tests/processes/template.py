"""A process that has imported everything, from which others are forked that run our modules as `python -m` does.

A worker and its trainer take eight seconds of a processor to import what they need; forked, they take a moment. What a
forked process starts is forked in turn, where it is a module that `FORKED` names. Nothing else differs: each is a child
of whoever started it, in a session of its own, with the command line, the environment and the files that it was given.
No torch operation runs before a fork: one that had started threads would hang in the child.

    python -m tests.processes.template    # reads what to start as lines of JSON
"""

import gc
import importlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from typing import Any

from tests.processes.forking import Popen, Start, forked
from worker.contracts.component import components, discover, families

IMPORTED = [
    "alembic.command", "backend.app", "backend.server", "celery.apps.worker", "celery.bin.celery", "celery.bin.worker",
    "kombu.transport.redis", "kombu.transport.sqlalchemy", "onnx", "safetensors.torch", "sklearn.datasets",
    "torch._dynamo", "worker.engine.execute", "worker.supervisor.supervisor",
]  # fmt: skip


def main() -> None:
    """Serve until the input ends."""
    _import()
    _say("ready")
    for line in sys.stdin:
        requested = json.loads(line)
        _bury()
        _say(_codes.get(requested["pid"]) if "pid" in requested else _started(requested))


def _import() -> None:
    discover()
    for name in IMPORTED:
        importlib.import_module(name)
    for family in families():
        components(family)
    subprocess.Popen = Popen  # type: ignore[misc]
    gc.freeze()


def _started(requested: dict[str, Any]) -> int:
    """The process id of a new process."""
    log = os.open(requested["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    start = Start(
        requested["command"], requested["environment"], {0: os.open(os.devnull, os.O_RDONLY), 1: log, 2: log}, tied=True
    )
    pid = forked(start)
    _codes.pop(pid, None)
    for descriptor in {*start.streams.values()}:
        os.close(descriptor)
    return pid


_codes: dict[int, int] = {}
"""Process id -> exit status, of all that have ended."""


def _bury() -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _codes[ended[0]] = os.waitstatus_to_exitcode(ended[1])


def _say(answer: Any) -> None:
    os.write(1, f"{json.dumps(answer)}\n".encode())


if __name__ == "__main__":
    main()
