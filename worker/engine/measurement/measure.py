"""Ends each stage: writes its files, and measures cost and quality on the files themselves."""

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import worker
from backend.domain.experiment.experiment import Measure
from backend.domain.measures import values
from backend.domain.run.results import ArtifactMeasure, Latency, StageResult
from backend.store.crash_points import Point, passing
from worker import runtimes
from worker.contracts.families.exporters import Exporter
from worker.contracts.subject import Subject
from worker.data.tensors import Data, Split, Task
from worker.engine.measurement import count
from worker.engine.measurement.reasons import reasons
from worker.engine.measurement.verdicts import verdicts
from worker.pipe.messages import File, StageDone

CALIBRATION_SAMPLES = 1024  # handed to quantizers, which take as many of them as they want
TIMED_SECONDS = 2.0  # at most, for the calls of one batch size
TIME_LIMIT = 300.0  # seconds for a whole measuring process
CHUNK = 1 << 20
TICK = 0.02  # seconds between two calls of `tick` while that process works


def measure_stage(
    subject: Subject,
    data: Data,
    *,
    stage: int,
    kind: str,
    label: str,
    step: int,
    seconds: float,
    validation: dict[str, float],
    settings: Measure,
    data_dir: Path,
    folder: str,
    before: StageResult | None = None,
    first: StageResult | None = None,
    tick: Callable[[], None] = lambda: None,
) -> StageDone:
    """Write `subject` in every format that can hold it and measure each file that a runtime can run.

    Files go to `data_dir/folder/artifacts`. `before` is the result of the stage before, `first` that of the run's first stage, for the notes.
    What `tick` raises ends the measuring. Raises ValueError when a file cannot be written, loaded or run, or a device is not there.
    """
    check_devices(settings)
    with _scratch(data_dir / folder) as scratch:
        test = HeldOutFiles.write(data, scratch)
        calibration = _calibration(data.train)
        files, measures, parts = [], [], dict[str, Path]()
        exporters, refusals = _exporters(subject, settings)
        for exporter in exporters:
            tick()
            identity = str(uuid.uuid4())
            part = scratch / f"{stage:02d}-{exporter.kind}-{identity}{exporter.suffix}"
            if exporter.made_of in parts:
                exporter.convert(parts[exporter.made_of], part)
            else:
                exporter.export(subject, part, calibration)
            parts[exporter.kind] = part
            files.append(_file(identity, exporter, part, folder))
            measures.append(_measure(exporter, identity, part, test, settings, tick))
            passing(Point.MEASURING)
        _publish(scratch, files, data_dir)
    two_of_four, fit = count.two_of_four(subject)
    result = StageResult(
        stage=stage,
        kind=kind,
        label=label,
        step=step,
        seconds=seconds,
        parameters=count.parameters(subject.module),
        nonzero=count.nonzero(subject),
        flops=count.flops(subject),
        two_of_four=two_of_four,
        two_of_four_fit=fit,
        test_samples=len(data.test),
        validation=validation,
        weights_sha256=count.weights_sha256(subject.module),
        measures=measures,
    )
    told = {"notes": verdicts(result, before) + refusals, "reasons": reasons(result, first)}
    return StageDone(result.model_copy(update=told), files)


def _exporters(subject: Subject, settings: Measure) -> tuple[list[Exporter], list[str]]:
    """Those that were asked for and do not refuse; and of those that would have been run and do, why.

    ValueError when all refuse.
    """
    wanted = [Exporter.choose(one) for one in settings.formats]
    refused = {exporter.kind: why for exporter in wanted if (why := exporter.refuses(subject))}
    if len(refused) == len(wanted):
        reasons = "; ".join(f"{kind} {why}" for kind, why in refused.items())
        raise ValueError(f"measure.formats: none of them can hold this model ({reasons}); add `onnx`")
    notes = [f"No {one.kind} file: it {refused[one.kind]}." for one in wanted if one.runtime and one.kind in refused]
    return [exporter for exporter in wanted if exporter.kind not in refused], notes


@dataclass(frozen=True)
class Counts:
    """Facts of a model that are known without running it."""

    parameters: int
    nonzero: int
    flops: int | None


def measure_trial(
    subject: Subject, data: Data, settings: Measure, run_folder: Path, tick: Callable[[], None] = lambda: None
) -> Mapping[str, float]:
    """Measures the cost of a file of `subject` and its quality on the validation split, by field; the file is not kept.

    The first format that a runtime can run. What is chosen by these figures is not judged by the test split, which
    stays unseen for the stage's result. Raises ValueError in one sentence, as `measure_stage` does.
    """
    exporter = next((exporter for exporter in _exporters(subject, settings)[0] if exporter.runtime), None)
    if exporter is None:
        raise ValueError("No file format holds this model so that a runtime can run it: nothing of it can be measured.")
    with _scratch(run_folder) as scratch:
        held = HeldOutFiles.write(replace(data, test=data.validation), scratch)
        file = scratch / f"trial{exporter.suffix}"
        exporter.export(subject, file, _calibration(data.train))
        found = _measure(exporter, "", file, held, settings, tick)
    counts = Counts(count.parameters(subject.module), count.nonzero(subject), count.flops(subject))
    return values(counts, found)


def check_devices(settings: Measure) -> None:
    """ValueError when a device that is to be measured on is not there; worth asking before the first stage."""
    wanted = {Exporter.choose(one).runtime for one in settings.formats}
    for name in sorted(name for name in wanted if name):
        for device in (device for device in settings.devices if device != "cpu"):
            if lack := runtimes.runtime(name).lacks(device):
                raise ValueError(f"measure.devices: `{device}` cannot be measured because {lack}")


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
        np.save(files.targets, data.test.targets.cpu().numpy(), allow_pickle=False)
        return files


@contextmanager
def _scratch(run_folder: Path) -> Iterator[Path]:
    """A folder beside the artifacts, on the same disk; one that a killed process left is removed first."""
    run_folder.mkdir(parents=True, exist_ok=True)
    for leftover in run_folder.glob("measuring-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="measuring-", dir=run_folder) as folder:
        yield Path(folder)


def _calibration(split: Split) -> NDArray[Any]:
    """Samples [n, …] spread evenly over the training split: always the same ones, and every class among them."""
    index = torch.linspace(0, len(split) - 1, min(len(split), CALIBRATION_SAMPLES)).long()
    inputs: NDArray[Any] = split.batch(index)[0].cpu().numpy()
    return inputs


def _file(identity: str, exporter: Exporter, part: Path, folder: str) -> File:
    """Registration of `part`, whose bytes are on the disk from here on."""
    with part.open("rb+") as written:
        os.fsync(written.fileno())
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return File(identity, exporter.kind, f"{folder}/artifacts/{part.name}", part.stat().st_size, digest)


def _publish(scratch: Path, files: list[File], data_dir: Path) -> None:
    """Move what was measured to its final place, all at the end: a stage that fails leaves no file behind."""
    folders = {(data_dir / file.path).parent for file in files}
    for target in folders:
        target.mkdir(exist_ok=True)
    for path in (data_dir / file.path for file in files):
        (scratch / path.name).rename(path)
    for target in folders:
        directory = os.open(target, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _measure(
    exporter: Exporter, identity: str, path: Path, test: HeldOutFiles, settings: Measure, tick: Callable[[], None]
) -> ArtifactMeasure:
    """Sizes, and for a file that can be run what each device's clean process measured; the first one's quality."""
    written = path.stat().st_size
    sizes = ArtifactMeasure(exporter=exporter.kind, artifact=identity, bytes=written, gzip_bytes=gzip_bytes(path))
    if exporter.runtime is None:
        return sizes
    answers = {device: run_clean(path, test, device, settings, tick, exporter.runtime) for device in settings.devices}
    first = answers[settings.devices[0]]
    latency = [Latency(device=device, **timing) for device, answer in answers.items() for timing in answer["timings"]]
    return sizes.model_copy(
        update={
            "runtime": "; ".join(answer["runtime"] for answer in answers.values()),
            **{name: value for name, value in first["quality"].items() if math.isfinite(value)},
            "load_ms": first["load_ms"],
            "peak_memory_bytes": first["peak_memory_bytes"],
            "latency": latency,
            "operators": first["operators"],
            "energy_meter": "; ".join(answer["energy_meter"] for answer in answers.values() if answer["energy_meter"])
            or None,
        }
    )


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


def gzip_bytes(file: Path) -> int:
    """Size after gzip -6."""
    packer = zlib.compressobj(level=6, wbits=zlib.MAX_WBITS | 16)
    with file.open("rb") as stream:
        return sum(len(packer.compress(chunk)) for chunk in iter(lambda: stream.read(CHUNK), b"")) + len(packer.flush())
