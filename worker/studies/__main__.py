"""The conductor process: `python -m worker.studies PARENT`, the process id of the worker that started it."""

import signal
import sys

from backend.domain.settings import Settings
from worker.contracts.component import discover
from worker.process import logs
from worker.process.parent_death import die_with_parent


def main() -> None:
    die_with_parent(int(sys.argv[1]))
    logs.configure("INFO")
    settings = Settings()
    discover(settings.plugins, only=("samplers", "trial_pruners"))
    from worker.studies.conductor import StudyConductor  # takes Optuna along

    conductor = StudyConductor(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: conductor.stop())
    conductor.work()


if __name__ == "__main__":
    main()
