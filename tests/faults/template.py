"""A process that has imported everything and forks real workers, whose trainers are forked from them in turn.

A worker that imports torch takes seconds to start, as does its trainer; forked, both take a moment, and can be killed as
often as a test likes. Nothing but their start differs from `worker.app` and `worker.trainer`. No torch operation runs
before a fork: one that had started threads would hang in the child.

    python -m tests.faults.template    # reads the environments of workers, as lines of JSON; writes their process ids
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from backend.domain.settings import Settings
from backend.store import crash_points
from tests.faults.director import INTERVAL
from tests.worker.engine.harness import MEASURED
from worker.contracts import catalog
from worker.contracts.component import components, discover, families
from worker.engine import reporter
from worker.engine.measurement import measure
from worker.process import logs
from worker.supervisor import trainer_process
from worker.supervisor.supervisor import Supervisor
from worker.trainer import __main__

SLOW = ["sklearn.datasets", "onnx", "safetensors.torch", "torch._dynamo", "worker.engine.execute"]


def main() -> None:
    """Serve until the input ends."""
    _import()
    os.write(1, b"ready\n")
    for line in sys.stdin:
        pid = _forked(partial(_worker, json.loads(line)))
        os.write(1, f"{pid}\n".encode())


def _import() -> None:
    discover()
    for name in SLOW:
        importlib.import_module(name)
    for family in families():
        components(family)
    built = catalog.build()
    catalog.build = lambda: built  # it takes a while, and cannot differ
    trainer_process.spawn = Trainer  # type: ignore[assignment]
    reporter.FLUSH_SECONDS, reporter.MOST_STEPS = 1e6, INTERVAL  # a checkpoint with each flush, whatever the clock says
    measure.run_clean = lambda *_: MEASURED  # nobody asks here what files cost: it takes a second a stage
    if plant := os.environ.get("PLANT"):
        importlib.import_module(f"tests.faults.plants.{plant}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # workers that have ended leave nothing behind
    gc.freeze()


def _forked(work: Callable[[], None]) -> int:
    """Have a child do `work` and end; its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(code)


def _worker(environment: dict[str, str]) -> None:
    """As `worker.app` does, without a broker, which only carries hints."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(environment)
    _write_to(Path(environment["LATHE_DATA_DIR"]) / f"worker-{os.getpid()}.log")
    crash_points.listen(environment["CRASH_POINTS"])  # which was read when the template imported it
    logs.configure("INFO")
    supervisor = Supervisor(Settings())
    left = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: left.set())
    supervisor.start()
    left.wait()
    supervisor.stop()


def _write_to(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


class Trainer:
    """A forked trainer, in the place of `subprocess.Popen`."""

    def __init__(self, descriptor: int, settings: Settings) -> None:
        output, theirs = os.pipe()
        parent = os.getpid()
        self.pid = _forked(partial(_trainer, descriptor, theirs, parent, settings))
        os.close(theirs)
        self.stdout: IO[bytes] = os.fdopen(output, "rb")
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        deadline = time.monotonic() + (timeout if timeout is not None else 60.0)
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("trainer", timeout or 60.0)
            time.sleep(0.002)
        return code


def _trainer(descriptor: int, output: int, parent: int, settings: Settings) -> None:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 1024)
    os.environ.update(trainer_process.environment(settings))
    sys.argv = ["trainer", str(descriptor), str(parent)]
    __main__.main()


if __name__ == "__main__":
    main()
