"""Holds the conductor process of studies: starts it, watches it, ends it."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import worker
from backend.domain.settings import Settings
from backend.store import studies
from backend.store.session import Store
from worker.process.timer import Timer
from worker.studies.watch import Watch

log = logging.getLogger("lathe.studies")

LOOK_SECONDS = 1.0
PAUSE_SECONDS = 5.0  # between two starts


class ConductorChild:
    """Starts a conductor when there is a study that nobody leads. It ends by itself when there is none any more."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._watch = Watch(settings.lease_seconds)
        self._look, self._pause = Timer(LOOK_SECONDS), Timer(PAUSE_SECONDS)
        self._process: subprocess.Popen[bytes] | None = None

    def tend(self) -> None:
        """Call it from a thread that stays: the kernel ends the conductor when that thread ends."""
        if not self._look.due() or self._running:
            return
        with self._store.read() as session:
            leading = studies.leading(session)
        if self._watch.free(leading) and self._pause.due():
            self._start()

    def _start(self) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "worker.studies", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=self._environment(),
            )
        except OSError as error:  # no run has to wait for that
            log.error("No conductor can be started now, trying again: %s", error)

    def forget(self) -> None:
        """Watch the studies again, since the database took nothing."""
        self._watch.forget()

    def close(self, seconds: float) -> None:
        """Have it let go of its studies, and kill it when it has not within so many seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _environment(self) -> dict[str, str]:
        code = str(Path(worker.__file__).parent.parent)
        path = os.pathsep.join(filter(None, [code, os.environ.get("PYTHONPATH")]))
        spelt = {f"LATHE_{name.upper()}": str(value) for name, value in self._settings.model_dump().items()}
        return {**os.environ, **spelt, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
