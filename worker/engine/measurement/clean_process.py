"""Measures one file in a separate process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import worker
from backend.domain.experiment.experiment import Measure
from worker.data.tensors import Data, Task
from worker.engine.evaluate import compared

TIMED_SECONDS = 2.0  # at most, for the calls of one batch size
TIME_LIMIT = 300.0  # seconds for a whole measuring process
TICK = 0.02  # seconds between two calls of `tick` while that process works


@dataclass(frozen=True)
class HeldOutFiles:
    """The test split as the measuring process maps it into its memory."""

    inputs: Path
    targets: Path
    task: Task = "classification"
    unit: tuple[float, ...] = ()

    @classmethod
    def write(cls, data: Data, folder: Path) -> "HeldOutFiles":
        files = cls(folder / "inputs.npy", folder / "targets.npy", data.task, data.unit)
        np.save(files.inputs, data.test.inputs.cpu().numpy(), allow_pickle=False)
        np.save(files.targets, compared(data.test, data).cpu().numpy(), allow_pickle=False)
        return files


def run_clean(
    file: Path,
    test: HeldOutFiles,
    device: str,
    settings: Measure,
    tick: Callable[[], None] = lambda: None,
    runtime: str = "onnxruntime",
) -> dict[str, Any]:
    """The answer of `worker.engine.measurement.measure_artifact`, run in a process of its own that dies with this one."""
    job = {
        "parent": os.getpid(),
        "runtime": runtime,
        "file": str(file.absolute()),
        "inputs": str(test.inputs.absolute()),
        "targets": str(test.targets.absolute()),
        "task": test.task,
        "unit": list(test.unit),
        "device": device,
        "batch_sizes": settings.batch_sizes,
        "repeats": settings.repeats,
        "seconds": TIMED_SECONDS,
        "threads": torch.get_num_threads(),
    }
    command = [sys.executable, "-m", "worker.engine.measurement.measure_artifact"]
    output, errors, code = _communicate(command, json.dumps(job), tick)
    if code:
        last = errors.strip().splitlines()[-1:] or [f"exit code {code}"]
        raise ValueError(f"The process that measures {file.name} failed: {last[0][:300]}")
    answer: dict[str, Any] = json.loads(output)
    if answer["error"]:
        raise ValueError(f"{file.name} could not be measured: {answer['error']}")
    return answer


def _communicate(command: list[str], job: str, tick: Callable[[], None]) -> tuple[str, str, int]:
    """Run `command` with `job` on its stdin; it does not outlive this call, whatever ends it."""
    home = Path(worker.__file__).parents[1]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=home, text=True) as process:
        try:
            # All at once: on a busy machine `communicate` may time out before it has sent its input, and then never does.
            assert process.stdin is not None
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(job)
            process.stdin = None
            for _ in range(int(TIME_LIMIT / TICK)):
                try:
                    output, errors = process.communicate(timeout=TICK)
                    return output, errors, process.returncode
                except subprocess.TimeoutExpired:
                    tick()
            raise ValueError(f"Measuring took longer than {TIME_LIMIT:.0f} seconds.")
        finally:
            process.kill()
