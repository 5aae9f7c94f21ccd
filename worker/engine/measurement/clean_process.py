"""Measures one file in a separate process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from worker.data.interface import Form, Interface
from worker.data.tensors import Array, Data, Samples, Split
from worker.engine.evaluate import batch_size, score

TIMED_SECONDS = 2.0  # at most, for the calls of one batch size
TIME_LIMIT = 300.0  # seconds for a whole measuring process
NO_OTHERS: Mapping[int, Path] = MappingProxyType({})
TICK = 0.02  # seconds between two calls of `tick` while that process works
GOLDEN, GOLDEN_SAMPLES = "golden", 8  # which are run one by one, as a user would
GOLDEN_BYTES = 64 << 20  # of all of them; there are fewer of large ones


@dataclass(frozen=True, eq=False)
class HeldOutFiles:
    """Splits that a file is judged by: their inputs as the measuring process maps them into its memory, and the scores of
    its outputs, which are those of a model in memory. Calls are timed on samples of the first split.

    The inputs are samples as the files of this `interface` take them."""

    folder: Path
    splits: Mapping[str, Split]
    data: Data
    loss: Loss
    interface: Interface

    @classmethod
    def write(
        cls,
        data: Data,
        folder: Path,
        loss: Loss | None = None,
        names: Sequence[str] = ("test",),
        form: Form = "as_read",
    ) -> "HeldOutFiles":
        loss = loss or default(data.task)
        interface = Interface.of(data, loss.head, form)
        held = cls(folder, {name: getattr(data, name) for name in names}, data, loss, interface)
        for name, split in held.splits.items():
            blocks = _sent(getattr(data.read, name), interface) if interface.form == "as_read" else _prepared(split)
            with held.inputs(name).open("wb", buffering=0) as file:
                write(file, blocks)
        held._write_golden()
        return held

    def _write_golden(self) -> None:
        """A few samples of the first split, spread evenly."""
        sent = np.load(self.inputs(next(iter(self.splits))), mmap_mode="r", allow_pickle=False)
        most = max(1, min(GOLDEN_SAMPLES, GOLDEN_BYTES // sent[0].nbytes))
        rows = np.unique(np.linspace(0, len(sent) - 1, most).round().astype(np.int64))
        np.save(self.inputs(GOLDEN), sent[rows], allow_pickle=False)

    def inputs(self, name: str = "test") -> Path:
        return self.folder / f"{name}-inputs.npy"

    def outputs(self, name: str = "test") -> Path:
        return self.folder / f"{name}-outputs.npy"

    def paths(self, name: str) -> tuple[str, str]:
        """The file that the measuring process reads inputs from, and the one that it writes outputs to."""
        return str(self.inputs(name).absolute()), str(self.outputs(name).absolute())

    def scores(self) -> dict[str, dict[str, float]]:
        """The quality of the outputs that were written last, by the name of the split."""
        return {name: self._score(name, split) for name, split in self.splits.items()}

    def _score(self, name: str, split: Split) -> dict[str, float]:
        answers = torch.from_numpy(np.load(self.outputs(name), allow_pickle=False))
        outputs = (self.interface.undo(batch) for batch in torch.split(answers, batch_size(split)))
        return score((batch.to(split.targets.device) for batch in outputs), split, self.loss, self.data)

    def golden(self) -> Array:
        """The outputs that were written last for the golden samples [n, …]; of texts those after the last token."""
        outputs: Array = np.load(self.outputs(GOLDEN), allow_pickle=False)
        return outputs[:, -1] if self.interface.task == "language" else outputs


def _prepared(split: Split) -> Iterator[Array]:
    return (inputs.cpu().numpy() for inputs, _ in split.batches(batch_size(split)))


def _sent(samples: Samples, interface: Interface) -> Iterator[Array]:
    return (interface.send(block) for block in samples.blocks())


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
    the `quality` of the file's outputs for each split, and its `golden` samples. `others` are files to compare its time
    with, by the stage that left them."""
    job = {
        "parent": os.getpid(),
        "runtime": runtime,
        "file": str(file.absolute()),
        "judged": [test.paths(name) for name in test.splits],
        "golden": test.paths(GOLDEN),
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
    return answer | {"quality": test.scores(), "golden": test.golden()}


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
