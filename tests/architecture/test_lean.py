"""The API and the Celery process start without the weight of torch."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "onnxruntime", "sklearn"}
REPORT = "import sys; print('loaded:', *{name.partition('.')[0] for name in sys.modules})"


def loaded(statement: str, folder: Path) -> set[str]:
    """The top-level packages that a fresh interpreter holds after `statement`."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {statement}; {REPORT}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.rpartition("loaded:")[2].split())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import backend.app, backend.embedded", {*HEAVY, "worker"}),
        ("import worker.app, worker.supervisor.supervisor", HEAVY),
        (
            "import lathe.command; lathe.command.parser(with_client=False)",
            {*HEAVY, "client", "worker", "pydantic", "rich"},
        ),
        ("import client, client.cli", {*HEAVY, "backend", "worker", "sqlalchemy", "plotly", "numpy"}),
    ],
)
def test_starts_without_torch(statement: str, absent: set[str], tmp_path: Path) -> None:
    packages = loaded(statement, tmp_path)
    assert packages & absent == set()
    assert re.findall(r"\w+", statement)[1] in packages  # it did import
    assert list(tmp_path.iterdir()) == []  # and left nothing behind


def test_the_check_sees_torch(tmp_path: Path) -> None:
    assert {"torch", "worker"} <= loaded("import worker.components.models.mlp", tmp_path)
