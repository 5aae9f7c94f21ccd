"""Stages that were really measured, and the packages of their files."""

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from backend.domain.experiment.experiment import Measure
from backend.domain.run.results import ArtifactMeasure
from backend.packages import build, card
from backend.packages.sidecar import Sidecar
from tests.worker.compression.alone import ALONE
from worker.contracts.families.losses import default
from worker.contracts.families.models import build as build_model
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Origin, Subject
from worker.data.tensors import Array, Data
from worker.engine.measurement.measure import Bench, StageEnd, measure_stage
from worker.pipe.messages import StageDone

FACTS = {"run": "a-run", "spec_sha256": "0" * 64, "machine": "a machine, 2 cores"}
SPEC = {"name": "A run", "model": {"kind": "a_model"}, "dataset": {"kind": "a_dataset"}}


@dataclass(frozen=True)
class Stage:
    """A measured stage, and the data that it was measured with."""

    done: StageDone
    data: Data
    folder: Path

    def measure(self, kind: str) -> ArtifactMeasure:
        return next(one for one in self.done.result.measures if one.exporter == kind)

    def file(self, kind: str) -> Path:
        return self.folder / next(file.path for file in self.done.files if file.kind == kind)

    def package(self, kind: str) -> Path:
        """The unpacked package of the file of that format."""
        beside = Sidecar(self.file("golden"))
        registered = next(file for file in self.done.files if file.kind == kind)
        subject = card.Subject(
            run="a-run",
            spec=SPEC,
            name=f"model{self.file(kind).suffix}",
            kind=kind,
            sha256=registered.sha256,
            bytes=registered.bytes,
            result=self.done.result,
            interface=beside.interface,
            facts=beside.facts,
            runnable=kind in beside.formats(),
            reference="",
        )
        packed, target = self.folder / f"{kind}.zip", self.folder / f"package-{kind}"
        with packed.open("wb") as stream:
            build.write(stream, self.file(kind), beside, subject)
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(target)
        return target

    def sent(self, name: str = "test") -> Array:
        """The split as it was sent."""
        assert self.data.read is not None
        samples = getattr(self.data.read, name)
        sent: Array = self.data.read.layout.send(samples.inputs)
        return sent


def stage(
    data: Data,
    model: dict[str, Any],
    folder: Path,
    formats: tuple[str, ...] = ("onnx",),
    quantizer: dict[str, Any] | None = None,
    form: str = "as_read",
) -> Stage:
    """The stage of a model that was trained for a moment."""
    torch.manual_seed(0)
    module = build_model(Origin(model, data.input_shape, data.outputs, tokens=len(data.vocabulary)))
    subject = Subject(module, data.input_shape, input_dtype=data.input_dtype)
    _train(subject, data)
    if quantizer:
        subject = Quantizer.choose(quantizer).quantize(subject, ALONE)
    settings = Measure.model_validate(
        {"batch_sizes": [1], "repeats": 5, "formats": [{"kind": kind} for kind in formats], "input": form}
    )
    end = StageEnd(0, "train", "a stage", step=1, seconds=1.0, validation={})
    return Stage(measure_stage(subject, data, end, Bench(settings, folder, "runs/r", facts=FACTS)), data, folder)


def _train(subject: Subject, data: Data, steps: int = 60) -> None:
    module, loss = subject.module.train(), default(data.task)
    optimizer = torch.optim.Adam(module.parameters(), 3e-3)
    for _ in range(steps):
        inputs, targets = data.train.batch(torch.randint(len(data.train), (64,)))
        loss.loss(module(inputs), targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()


def predict(python: Path | str, package: Path, *names: str | Path) -> list[dict[str, Any]]:
    """The lines that the package's program prints."""
    done = run(python, package, *names)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(python: Path | str, package: Path, *names: str | Path) -> subprocess.CompletedProcess[str]:
    """The program, in a folder of its own and without what this process knows."""
    command = [str(python), "-I", "predict.py", *map(str, names)]
    return subprocess.run(command, cwd=package, env={}, capture_output=True, text=True, check=False)


HERE = sys.executable


def equal(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> bool:
    """The same files and labels, and outputs within 1e-5 of their size."""
    same = [(one["file"], one.get("label")) for one in found] == [(one["file"], one.get("label")) for one in wanted]
    pairs = zip(found, wanted, strict=False)
    return same and all(np.allclose(one["outputs"], other["outputs"], rtol=1e-5, atol=1e-5) for one, other in pairs)
