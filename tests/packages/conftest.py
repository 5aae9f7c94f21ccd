"""Packages are tried as their users would: in an environment that knows NumPy and the runtime, and nothing of this program."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.worker.one_thread import one_thread as one_thread
from worker.contracts.component import discover

discover()


@pytest.fixture(scope="session")
def clean_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh virtual environment."""
    folder = tmp_path_factory.mktemp("clean") / "environment"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    pinned = [f"{name}=={version(name)}" for name in ("numpy", "onnxruntime")]
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *pinned], check=True)
    return python
