"""The operator's own components: one file in the plug-in folder, found like the built-in ones, or refused by name."""

from pathlib import Path
from textwrap import dedent

import pytest

from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import MemoryLink, assignment, run
from worker.contracts import component
from worker.contracts.catalog import build
from worker.pipe.messages import Finished

GOOD = '''
"""SGD, slowly."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class Slow(Optimizer):
    """SGD at a crawl."""

    formula = "θ ← θ − α∇J"
    reference = "Nobody: Nowhere (2000)"

    lr: float = hyperparameter(1e-6, gt=0, le=1, marks=Mark.LIVE, description="Learning rate α.")

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.lr)
'''


pytestmark = pytest.mark.usefixtures("forget")


def plug(folder: Path, path: str, text: str = GOOD) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text))
    return file


def test_a_file_in_the_folder_is_a_component(tmp_path: Path) -> None:
    plug(tmp_path, "optimizers/slow.py")
    component.discover(tmp_path)
    entry = build().find("optimizers", "slow")
    assert entry is not None
    assert (entry.summary, entry.formula) == ("SGD at a crawl.", "θ ← θ − α∇J")
    chosen = component.families()["optimizers"].choose({"kind": "slow", "lr": 0.5})
    assert chosen.lr == 0.5


def test_finding_the_same_files_again_is_harmless(tmp_path: Path) -> None:
    plug(tmp_path, "optimizers/slow.py")
    component.discover(tmp_path)
    first = component.find("optimizers", "slow")
    component.discover(tmp_path)
    assert component.find("optimizers", "slow") is first


def test_a_missing_folder_is_no_fault(tmp_path: Path) -> None:
    component.discover(tmp_path / "plugins")


BROKEN = {
    "syntax": "class Slow(",
    "raises": "1 / 0",
    "imports what is not there": "import no_such_package",
    "no component": "x = 1",
    "two components": GOOD + GOOD.replace("class Slow", "class Slower"),
    "of another family": GOOD.replace(
        "worker.contracts.families.optimizers import Optimizer",
        "worker.contracts.families.losses import Loss as Optimizer",
    ),
    "a mark of another release": GOOD.replace("marks=Mark.LIVE", "live=True"),
    "a field without a type": GOOD.replace("lr: float", "lr"),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    file = plug(tmp_path, "optimizers/slow.py", text)
    with pytest.raises(RuntimeError, match=str(file)):
        component.discover(tmp_path)
    with pytest.raises(ValueError, match="no component `slow`"):
        component.find("optimizers", "slow")


def test_a_mended_file_is_found(tmp_path: Path) -> None:
    file = plug(tmp_path, "optimizers/slow.py", "1 / 0")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        component.discover(tmp_path)
    file.write_text(GOOD)
    component.discover(tmp_path)
    assert component.find("optimizers", "slow").kind == "slow"


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    file = plug(tmp_path, "optimizers/adam.py")
    with pytest.raises(RuntimeError, match=rf"{file}.*already has a component `adam`"):
        component.discover(tmp_path)
    assert component.find("optimizers", "adam").__module__ == "worker.components.optimizers.adam"


def test_an_unknown_family_is_refused(tmp_path: Path) -> None:
    plug(tmp_path, "optimisers/slow.py")
    with pytest.raises(RuntimeError, match=r"optimisers.*known: .*optimizers"):
        component.discover(tmp_path)


def failed(reported: str, data_dir: Path) -> MemoryLink:
    """A run with an optimizer that raises RuntimeError with this text."""
    broken = GOOD.replace("return torch.optim.SGD(parameters, lr=self.lr)", f"raise RuntimeError({reported})")
    plug(data_dir / "plugins", "optimizers/broken.py", broken)
    component.discover(data_dir / "plugins")
    train = {"kind": "train", "epochs": 1, "optimizer": "broken"}
    return run(
        assignment({"dataset": "digits", "model": "mlp", "stages": [train]}, build()),
        Settings(data_dir=data_dir, database="", broker=""),
    )


UNKNOWN = '''
"""A line with a bend."""

from torch import nn

from worker.contracts.families.models import Model


class Bent(Model):
    """A linear model after a bend that is learnt."""

    formula = "z = W max(ax, x)"
    reference = "Nobody: Nowhere (2000)"

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.PReLU(), nn.Linear(64, outputs))
'''


def test_layers_that_a_checkpoint_cannot_rebuild_are_told(tmp_path: Path) -> None:
    plug(tmp_path / "plugins", "models/bent.py", UNKNOWN)
    component.discover(tmp_path / "plugins")
    train, measure = {"kind": "train", "epochs": 1}, {"formats": ["safetensors"]}  # which nothing runs
    link = run(
        assignment({"dataset": "digits", "model": "bent", "stages": [train], "measure": measure}, build()),
        Settings(data_dir=tmp_path, database="", broker=""),
    )
    (log,) = link.happened(EventKind.LOG)
    assert (log["level"], "`1` (PReLU)" in log["text"]) == ("warning", True)


def test_one_that_fails_is_named_and_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    """It fails as foreign code does: with a secret, with paths and with more text than anybody reads."""
    reported = 'f"token=abcdefgh12345678 in {__file__} and /srv/somebody/keys/id\\n" + "long " * 10_000'
    link = failed(reported, tmp_path)
    assert link.finished == Finished(
        RunState.FAILED,
        "Stage 1 of 1, train: broken: Unexpected RuntimeError in optimizers.broken: "
        "token=[hidden] in plugins/optimizers/broken.py and id",
    )
    (log,) = link.happened(EventKind.LOG)
    assert len(log["text"]) <= 8000


def test_its_traceback_tells_no_secret_and_no_folder_of_the_machine(tmp_path: Path) -> None:
    reported = 'f"postgresql://me:pass@host/x in {__file__} and /srv/somebody/keys/id"'
    link = failed(reported, tmp_path)
    (log,) = link.happened(EventKind.LOG)
    assert 'File "worker/engine/pipeline.py"' in log["text"]
    assert 'File "plugins/optimizers/broken.py"' in log["text"]
    assert "postgresql://me:[hidden]@host/x in plugins/optimizers/broken.py and id" in log["text"]
    assert not any(line.strip().startswith('File "/') for line in log["text"].splitlines())
