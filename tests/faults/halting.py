"""A worker that halts where a director says, checkpoints by the count of steps, and measures nothing: `-m tests.faults.halting`.

It is what `worker.app` is, without a broker, which only carries hints.
"""

import importlib
import os
import signal
import threading

from backend.domain.settings import Settings
from tests.worker.engine.harness import MEASURED
from worker.engine import reporter
from worker.engine.measurement import measure
from worker.process import logs
from worker.supervisor.supervisor import Supervisor

INTERVAL = 5
"""Steps between two checkpoints."""


def main() -> None:
    """Work until SIGTERM. The trainers are forked from here, so they halt and measure as this does."""
    reporter.FLUSH_SECONDS, reporter.MOST_STEPS = 1e6, INTERVAL  # a checkpoint with each flush, whatever the clock says
    measure.run_clean = lambda *_: MEASURED  # nobody asks here what files cost: it takes a second a stage
    if plant := os.environ.get("PLANT"):
        importlib.import_module(f"tests.faults.plants.{plant}")
    logs.configure("INFO")
    supervisor = Supervisor(Settings())
    left = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: left.set())
    supervisor.start()
    left.wait()
    supervisor.stop()


if __name__ == "__main__":
    main()
