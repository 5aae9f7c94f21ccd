"""Measures one file in a separate process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

import worker
from backend.domain.experiment.experiment import Measure
from worker.contracts.families.losses import Loss, default
from worker.data.array_files import write
from worker.data.tensors import Data, Split
from worker.engine.evaluate import batch_size, score

TIMED_SECONDS = 2.0  # at most, for the calls of one batch size
TIME_LIMIT = 300.0  # seconds for a whole measuring process
NO_OTHERS: Mapping[int, Path] = MappingProxyType({})
TICK = 0.02  # seconds between two calls of `tick` while that process works


@dataclass(frozen=True, eq=False)
class HeldOutFiles:
    """Splits that a file is judged by: their inputs as the measuring process maps them into its memory, and the scores of
    its outputs, which are those of a model in memory. Calls are timed on samples of the first split."""

    folder: Path
    splits: Mapping[str, Split]
    data: Data
    loss: Loss

    @classmethod
    def write(
        cls, data: Data, folder: Path, loss: Loss | None = None, names: Sequence[str] = ("test",)
    ) -> "HeldOutFiles":
        held = cls(folder, {name: getattr(data, name) for name in names}, data, loss or default(data.task))
        for name, split in held.splits.items():
            with held.inputs(name).open("wb", buffering=0) as file:
                write(file, (inputs.cpu().numpy() for inputs, _ in split.batches(batch_size(split))))
        return held

    def inputs(self, name: str = "test") -> Path:
        return self.folder / f"{name}-inputs.npy"

    def outputs(self, name: str = "test") -> Path:
        return self.folder / f"{name}-outputs.npy"

    def scores(self) -> dict[str, dict[str, float]]:
        """The quality of the outputs that were written last, by the name of the split."""
        return {name: self._score(name, split) for name, split in self.splits.items()}

    def _score(self, name: str, split: Split) -> dict[str, float]:
        outputs = torch.from_numpy(np.load(self.outputs(name), allow_pickle=False)).to(split.targets.device)
        return score(torch.split(outputs, batch_size(split)), split, self.loss, self.data)


def run_clean(
    file: Path,
    test: HeldOutFiles,
    device: str,
    settings: Measure,
    tick: Callable[[], None] = lambda: None,
    runtime: str = "onnxruntime",
    others: Mapping[int, Path] = NO_OTHERS,
) -> dict[str, Any]:
    """The answer of `worker.engine.measurement.measure_artifact`, run in a process of its own that dies with this one,
    and the `quality` of the file's outputs for each split. `others` are files to compare its time with, by the
    stage that left them."""
    job = {
        "parent": os.getpid(),
        "runtime": runtime,
        "file": str(file.absolute()),
        "judged": [(str(test.inputs(name).absolute()), str(test.outputs(name).absolute())) for name in test.splits],
        "device": device,
        "batch_sizes": settings.batch_sizes,
        "repeats": settings.repeats,
        "seconds": TIMED_SECONDS,
        "threads": torch.get_num_threads(),
        "others": {stage: str(path.absolute()) for stage, path in others.items()},
    }
    command = [sys.executable, "-m", "worker.engine.measurement.measure_artifact"]
    output, errors, code = _communicate(command, json.dumps(job), tick)
    if code:
        last = errors.strip().splitlines()[-1:] or [f"exit code {code}"]
        raise ValueError(f"The process that measures {file.name} failed: {last[0][:300]}")
    answer: dict[str, Any] = json.loads(output)
    if answer["error"]:
        raise ValueError(f"{file.name} could not be measured: {answer['error']}")
    return answer | {"quality": test.scores()}


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
