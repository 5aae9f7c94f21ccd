"""import-linter's contracts hold, chains of imports included, and each catches the import that it exists for."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).parents[2]
PACKAGES = ("backend", "client", "lathe", "worker")

# contract, planted modules and their text
PLANTS = [
    ("worker-layers", {"worker/pipe/sneaky.py": "import worker.engine.pipeline"}),
    ("worker-layers", {"worker/contracts/sneaky.py": "def late():\n    from worker.components.optimizers import adam"}),
    ("worker-layers", {"worker/components/stages/sneaky.py": "from worker.engine import reporter"}),
    ("worker-layers", {"worker/illustrations/sneaky.py": "from worker.engine import reporter"}),
    ("worker-layers", {"worker/loose.py": ""}),
    ("families", {"worker/components/pruners/sneaky.py": "from worker.components.quantizers import dynamic_int8"}),
    (
        "families",
        {
            "worker/components/pruners/sneaky.py": "from worker.nn import bridge",
            "worker/nn/bridge.py": "import worker.components.quantizers.dynamic_int8",
        },
    ),
    ("supervisor-without-torch", {"worker/process/sneaky.py": "import torch.nn"}),
    (
        "supervisor-without-torch",
        {
            "worker/supervisor/sneaky.py": "from worker.process import bridge",
            "worker/process/bridge.py": "from worker.nn import sneaky",
            "worker/nn/sneaky.py": "import torch",
        },
    ),
    ("backend-without-worker", {"backend/api/sneaky.py": "from worker.supervisor import supervisor"}),
    ("backend-without-worker", {"backend/charts/sneaky.py": "import torch.nn.functional"}),
    ("backend-layers", {"backend/domain/sneaky.py": "from backend.store import tables"}),
    ("backend-layers", {"backend/store/sneaky.py": "from backend.api import runs"}),
    ("backend-layers", {"backend/data/sneaky.py": "from backend.store import session"}),
    ("worker-of-backend", {"worker/engine/sneaky.py": "from backend import config"}),
    ("command", {"client/sneaky.py": "from lathe import command"}),
    ("command-starts-processes", {"lathe/sneaky.py": "from backend import embedded"}),
    ("client-and-backend", {"client/sneaky.py": "from backend.domain import settings"}),
    ("client-and-worker", {"worker/sneaky.py": "from client import lathe"}),
]


def lint(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--config", ROOT / "pyproject.toml", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run([*command, *options], cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def hollow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every module of the tree, each without a line in it."""
    root = tmp_path_factory.mktemp("hollow")
    for file in (file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        place = root / file.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return root


def test_every_contract_holds() -> None:
    linted = lint(ROOT)
    assert linted.returncode == 0, linted.stdout


def test_every_contract_has_a_plant() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {contract for contract, _ in PLANTS}


@pytest.mark.parametrize(
    ("contract", "planted"), PLANTS, ids=[f"{name}: {next(iter(files))}" for name, files in PLANTS]
)
def test_a_contract_catches_a_planted_import(contract: str, planted: dict[str, str], hollow: Path) -> None:
    for path, text in planted.items():
        (hollow / path).write_text(text)
    try:
        linted = lint(hollow, "--contract", contract)
    finally:
        for path in planted:
            (hollow / path).unlink()
    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert "BROKEN" in linted.stdout
