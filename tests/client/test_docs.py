"""Examples in docs/client.md run as printed, one after the other, against the processes that `make run` starts."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backend.data.making import csv
from tests.e2e.conftest import embedded
from tests.e2e.lathe import Lathe
from tests.patience import granted

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "client.md").read_text()
SPEC = """
name: Digits from a shell
dataset: {kind: digits}
model: {kind: mlp}
stages: [{kind: train, epochs: 2}]
measure: {repeats: 5, batch_sizes: [1], formats: [onnx]}
"""


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lathe]:
    server = embedded(tmp_path_factory.mktemp("embedded"), fresh=False)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def environment(started: Lathe, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A shell of the server's machine, with `lathe` on its path, that knows the data folder and no more."""
    programs = tmp_path_factory.mktemp("bin")
    (programs / "lathe").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lathe "$@"\n')
    (programs / "lathe").chmod(0o755)
    # The embedded server of the tests was given its token; one that chooses it itself leaves it here.
    (started.data_dir / "token").write_text(started.token)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LATHE_", "DATA_DIR"))}
    path = f"{programs}:{os.environ['PATH']}"
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "LATHE_DATA_DIR": str(started.data_dir)}


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=granted(60), check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_examples_run(environment: dict[str, str], tmp_path: Path) -> None:
    said = run([sys.executable, "-W", "error", "-c", "\n".join(examples("python"))], tmp_path, environment)
    lines = said.splitlines()
    assert "succeeded" in lines and "stopped cancelled" in lines
    assert "study finished {'stages[0].optimizer.lr': " in said
    assert "0.001 0.0005" in said and "path: optimizer.lr, value: 0.0005}" in said
    assert any(line.startswith("Invalid model.kind `model.kind` `mlpp` is not known") for line in lines)
    assert (tmp_path / "smallest.onnx").stat().st_size > 1000


def test_the_commands_run(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "flowers.csv").write_bytes(csv(40, header="length,width,species"))
    first, *others = examples("sh")[0].splitlines()
    said = run(["sh", "-c", first], tmp_path, environment)
    run_id = said.splitlines()[0]
    assert "1 train: adam" in said and len(run_id) == 36
    assert all(run(["sh", "-c", command], tmp_path, {**environment, "RUN": run_id[:8]}) for command in others)
    assert (tmp_path / "model.onnx").exists()


def test_an_example_that_is_wrong_is_caught(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="LatheError"):
        run([sys.executable, "-c", "from client import Lathe; Lathe().run('0000')"], tmp_path, environment)
