"""Runs the program of a package on somebody's samples, in a process of its own with limits."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SECONDS = 60  # of one processor, and of the clock
MEMORY = 4 << 30  # bytes
MOST_LINES = 64

# The limits are set before anything of the package is imported; files are opened in the package's folder alone.
LIMITED = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS} + 5))
resource.setrlimit(resource.RLIMIT_DATA, ({MEMORY}, {MEMORY}))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

TOO_LONG = f"the file was not run within {SECONDS} seconds: send fewer samples"
TOO_LARGE = "the samples take too much memory: send fewer or smaller ones"
ENDED = {-signal.SIGXCPU: TOO_LONG, -signal.SIGKILL: TOO_LARGE}


class NotPredicted(ValueError):
    """The samples cannot be predicted; says why in one sentence."""


def predict(model: Path, files: Mapping[str, bytes], sample: bytes, suffix: str) -> list[dict[str, Any]]:
    """The lines of `predict.py` for the first samples of a file. `files` are those of the package beside `model`.

    Raises NotPredicted.
    """
    _require(files["requirements.txt"].decode().split())
    with tempfile.TemporaryDirectory(prefix="lathe-") as folder:
        home = Path(folder)
        for name, content in {**files, f"sample{suffix}": sample}.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content)
        (home / f"model{model.suffix}").symlink_to(model.absolute())
        return _lines(_run(home, f"sample{suffix}"))


def _require(pinned: Sequence[str]) -> None:
    """Raises NotPredicted when the server lacks a package that the program imports."""
    names = [one.partition("==")[0] for one in pinned]
    if missing := [name for name in names if find_spec(name) is None]:
        raise NotPredicted(f"the server has no `{missing[0]}`: install it beside the server, or download the package")


def _run(home: Path, sample: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", LIMITED, "predict.py", sample]
    try:
        return subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NotPredicted(TOO_LONG) from None


def _lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    if done.returncode == 0:
        return [json.loads(line) for line in done.stdout.splitlines()[:MOST_LINES]]
    said = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    raise NotPredicted(ENDED.get(done.returncode, said.partition(": ")[2] or said)[:500])
