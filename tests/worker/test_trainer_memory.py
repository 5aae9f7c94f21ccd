"""A warm trainer process gives back what a large run took before the next run comes."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.patience import Stopwatch
from tests.worker.engine.harness import assignment
from worker.pipe.messages import Finished, Ready, Renewed
from worker.supervisor.trainer_process import TrainerProcess

pytestmark = pytest.mark.usefixtures("processes")

MB = 1e6
TRAIN = {"kind": "train", "epochs": 1, "batch": {"kind": "fixed", "size": 512}, "optimizer": {"kind": "adam"}}
CHEAP = {"batch_sizes": [1], "repeats": 5, "formats": ["safetensors"]}
DATA = {"kind": "synthetic_classification", "samples": 4000, "features": 64}


def spec(*hidden: int) -> dict[str, Any]:
    return {"dataset": DATA, "model": {"kind": "mlp", "hidden": list(hidden)}, "stages": [TRAIN], "measure": CHEAP}


@pytest.fixture
def trainer(tmp_path: Path) -> Iterator[TrainerProcess]:
    process = TrainerProcess(Settings(data_dir=tmp_path, database="", broker="", pictures=False), Event())
    yield process
    process.kill()
    process.bury()


def resident(process: TrainerProcess) -> float:
    """Bytes of the process that lie in memory now."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return 1024 * float(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def heard(process: TrainerProcess, kind: type[Any], seconds: float = 120) -> tuple[Any, float]:
    """The first message of this kind, and the most memory seen until it came."""
    watch, most = Stopwatch(), 0.0
    while watch.seconds < seconds and not process.ended:
        most = max(most, resident(process))
        for message in process.receive():
            if isinstance(message, kind):
                return message, most
        if kind is Finished:
            process.send(Renewed())
        sleep(0.01)
    raise AssertionError(f"no {kind.__name__}: {process.bury() if process.ended else 'in time'}")


def test_a_large_run_leaves_the_trainer_about_as_small_as_it_found_it(trainer: TrainerProcess) -> None:
    ready, _ = heard(trainer, Ready)
    catalog = Catalog.model_validate(ready.catalog)

    def run(name: str, *hidden: int) -> tuple[float, float]:
        """The most memory while it ran, and what is left after it."""
        trainer.send(assignment(spec(*hidden), catalog, run_id=name))
        finished, most = heard(trainer, Finished)
        assert finished.state is RunState.SUCCEEDED, finished.error
        sleep(0.5)
        return most, resident(trainer)

    _, before = run("small", 16)
    most, after = run("large", 3000, 3000)
    assert most > before + 150 * MB, "it was no large run"
    assert after < before + 0.12 * (most - before)
    _, again = run("large-again", 3000, 3000)
    assert again < after + 30 * MB, "it grows with each run"
