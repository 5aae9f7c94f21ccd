"""Measures how fast a live run obeys commands, and the cost of being steerable.

- command → obeyed: from the POST of a `set` until the event that confirms it can be read, on a run that trains.
- steerable: the time that the trainer spends on checking for commands and obeying them, as a share of its training,
  when nobody sends any.
"""

import sys
import tempfile
import time
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from backend.domain.experiment.experiment import resolve
from backend.domain.settings import Settings
from benchmarks import watch
from benchmarks.latency import p
from tests.e2e.conftest import embedded
from tests.e2e.lathe import Lathe
from worker.contracts import catalog
from worker.contracts.component import discover
from worker.engine.execute import execute
from worker.engine.steering.control import Control
from worker.engine.steering.steering import Steering
from worker.pipe.link import Unattended
from worker.pipe.messages import Assignment

COMMANDS = 60
SPEC: dict[str, Any] = {
    "name": "steered",
    "dataset": {"kind": "digits"},
    "model": {"kind": "cnn"},
    "stages": [{"kind": "train", "epochs": 1000, "optimizer": {"kind": "sgd", "lr": 0.01}}],
    "measure": {"batch_sizes": [1], "repeats": 5, "formats": [{"kind": "onnx"}]},
}


def find_obeyed(lathe: Lathe) -> list[float]:
    """Seconds from each command to its event. The commands are sent one after the other."""
    (run,) = lathe.submit(SPEC)
    lathe.wait_for(run, "running")
    while not lathe.run(run)["step"]:
        time.sleep(0.05)
    taken = []
    for number in watch.through(range(COMMANDS), "command"):
        seq = lathe.run(run)["last_seq"]
        body = {"path": "optimizer.lr", "value": 0.01 + number * 1e-5}
        requested = perf_counter()
        status, reported = lathe.call("POST", f"/api/runs/{run}/commands", {"kind": "set", "body": body})
        assert status == 202, reported
        while not any(event["kind"] == "command" for event in lathe.get(f"/api/runs/{run}/events?after={seq}")):
            time.sleep(0.005)
        taken.append(perf_counter() - requested)
        time.sleep(0.05 + 0.013 * (number % 7))  # at no fixed phase of the trainer's own rhythm
    lathe.call("POST", f"/api/runs/{run}/commands", {"kind": "cancel"})
    lathe.wait_for(run)
    return taken


class Stopwatch:
    """The time inside some functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, owner: type, name: str) -> None:
        inner = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            began = perf_counter()
            try:
                return inner(*args, **kwargs)
            finally:
                self.seconds += perf_counter() - began

        setattr(owner, name, timed)


def steerable(folder: Path) -> float:
    """Share of a run's training time that `Control.poll` and `Steering.obey` take."""
    torch.set_num_threads(1)
    discover()
    watch = Stopwatch()
    watch.around(Control, "poll")
    watch.around(Steering, "obey")
    stages = [{"kind": "train", "epochs": 40, "optimizer": {"kind": "sgd"}}]
    spec = resolve({**SPEC, "stages": stages}, catalog.build()).model_dump(mode="json")
    began = perf_counter()
    execute(Assignment("run", 1, 0, spec, "runs/run"), Unattended(), Settings(data_dir=folder))
    return watch.seconds / (perf_counter() - began)


def main() -> None:
    print("| steering | median | p95 | at most |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        lathe = embedded(Path(folder))
        try:
            median, worst = p(find_obeyed(lathe))
        finally:
            lathe.stop()
    print(f"| command → obeyed ({COMMANDS} commands) | {median * 1000:.0f} ms | {worst * 1000:.0f} ms | 200 ms |")
    with tempfile.TemporaryDirectory() as folder:
        share = steerable(Path(folder))
    print(f"| being steerable, share of the training's time | {share:.3%} | | 1 % |")


if __name__ == "__main__":
    sys.exit(watch.run(main))
