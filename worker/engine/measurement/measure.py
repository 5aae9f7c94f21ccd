"""Ends each stage: writes its files, and measures cost and quality on the files themselves."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from backend.domain.experiment.experiment import Measure
from backend.domain.measures import values
from backend.domain.run.results import ArtifactMeasure, Latency, StageResult
from backend.store.crash_points import Point, passing
from worker import runtimes
from worker.contracts.families.exporters import Exporter
from worker.contracts.families.losses import Loss
from worker.contracts.subject import Subject
from worker.data.interface import Interface
from worker.data.tensors import Array, Data, Split
from worker.engine.device import machine
from worker.engine.measurement import count, golden
from worker.engine.measurement.clean_process import HeldOutFiles, run_clean
from worker.engine.measurement.diagnostics import diagnose
from worker.engine.measurement.guessing import guessing
from worker.engine.measurement.reasons import reasons
from worker.engine.measurement.stage_files import gzip_bytes, new_part, publish, registration, scratch_folder
from worker.pipe.messages import File, StageDone
from worker.shipping import facts

CALIBRATION_SAMPLES = 1024  # handed to quantizers, which take as many of them as they want
CALIBRATION_BYTES = 64 << 20  # at most, of their floats

Scores = dict[str, float]


@dataclass(frozen=True)
class StageEnd:
    """Facts of a stage that has ended, which its result takes over."""

    stage: int
    kind: str
    label: str
    step: int
    seconds: float  # of training
    validation: Mapping[str, float]


@dataclass(frozen=True)
class Earlier:
    """Results of stages before this one, which the notes compare it with."""

    first: StageResult | None = None  # of the run
    last: StageResult | None = None

    def then(self, result: StageResult) -> "Earlier":
        """The results before the stage that follows the one of `result`."""
        return Earlier(self.first or result, result)

    def files(self, exporter: str, run_folder: Path) -> dict[int, Path]:
        """The files of that format that are still there, by stage: a new one's time is compared with theirs."""
        return {
            result.stage: path
            for result in filter(None, (self.last, self.first))
            for measure in result.measures
            if measure.exporter == exporter and measure.runtime
            for path in run_folder.glob(f"artifacts/{result.stage:02d}-{exporter}-{measure.artifact}.*")
        }


@dataclass(frozen=True)
class Bench:
    """A place to measure in: `folder` is the run's, below `data_dir`. `tick` is called often; what it raises ends the
    measuring."""

    settings: Measure
    data_dir: Path
    folder: str
    tick: Callable[[], None] = lambda: None
    loss: Loss | None = None  # that the model is judged by, else the default one of the task
    facts: Mapping[str, str] = field(default_factory=dict)  # of the run and the machine, which files tell

    @property
    def run_folder(self) -> Path:
        return self.data_dir / self.folder


def measure_stage(subject: Subject, data: Data, end: StageEnd, bench: Bench, earlier: Earlier = Earlier()) -> StageDone:
    """Write `subject` in every format that can hold it and measure each file that a runtime can run.

    Files go to the folder `artifacts` of the run. Raises ValueError when a file cannot be written, loaded or run, or a
    device is not there.
    """
    check_devices(bench.settings)
    exporters, refusals = _exporters(subject, bench.settings)
    with scratch_folder(bench.run_folder) as scratch:
        held = HeldOutFiles.write(data, scratch, bench.loss, ("test", "validation"), bench.settings.input)
        embedded = embedding(subject, held)
        files, measures, validation = _written(exporters, embedded, held, end.stage, bench, scratch, earlier)
        publish(scratch, files, bench.data_dir)
    end = replace(end, validation=validation or end.validation)
    result = _result(subject, data, end, measures).model_copy(update={"loss": held.loss.kind})
    notes = diagnose(result, earlier.last) + refusals
    found = {"notes": notes, "doubts": guessing(measures, data), "reasons": reasons(result, earlier.first)}
    return StageDone(result.model_copy(update=found), files)


def _written(
    exporters: Sequence[Exporter],
    subject: Subject,
    held: HeldOutFiles,
    stage: int,
    bench: Bench,
    scratch: Path,
    earlier: Earlier,
) -> tuple[list[File], list[ArtifactMeasure], Scores]:
    """The files of `subject` in `scratch`, what was measured on each, and the first one's quality on the validation split."""
    calibration, validation = _calibration(held.data.train), Scores()
    files, measures = list[File](), list[ArtifactMeasure]()
    parts, answers = dict[str, Path](), dict[Exporter, Array]()
    for exporter in exporters:
        bench.tick()
        identity, part = new_part(stage, exporter.kind, exporter.suffix, scratch)
        if exporter.made_of in parts:
            exporter.convert(parts[exporter.made_of], part)
        else:
            exporter.export(subject, part, calibration)
        parts[exporter.kind] = part
        measure, quality, outputs = _measure(exporter, identity, part, held, bench, earlier)
        if outputs is not None:
            answers[exporter] = outputs
        measures.append(_described(exporter, part, measure, measures, held.interface, bench.facts))
        files.append(registration(identity, exporter.kind, part, bench.folder))
        validation = validation or quality.get("validation", {})
        passing(Point.MEASURING)
    identity, part = new_part(stage, golden.KIND, ".zip", scratch)
    golden.write(part, held, answers, bench.facts)
    return [*files, registration(identity, golden.KIND, part, bench.folder)], measures, validation


def _described(
    exporter: Exporter,
    part: Path,
    measure: ArtifactMeasure,
    before: Sequence[ArtifactMeasure],
    interface: Interface,
    run: Mapping[str, str],
) -> ArtifactMeasure:
    """The measurement with the sizes of the final file, which tells what was measured of it, or of the first that ran."""
    ran = next((one for one in [measure, *before] if one.runtime), None)
    exporter.describe(part, facts.of_file(interface, run, ran))
    return measure.model_copy(update={"bytes": part.stat().st_size, "gzip_bytes": gzip_bytes(part)})


def _result(subject: Subject, data: Data, end: StageEnd, measures: list[ArtifactMeasure]) -> StageResult:
    """Everything that is known of the stage, except the notes on it."""
    two_of_four, fit = count.two_of_four(subject)
    return StageResult(
        **asdict(end),
        parameters=count.parameters(subject.module),
        nonzero=count.nonzero(subject),
        flops=count.flops(subject),
        two_of_four=two_of_four,
        two_of_four_fit=fit,
        test_samples=len(data.test),
        weights_sha256=count.weights_sha256(subject.module),
        measures=measures,
    )


def _exporters(subject: Subject, settings: Measure) -> tuple[list[Exporter], list[str]]:
    """Exporters of the spec that can write the model; and for those with a runtime that cannot, the reason.

    Those that can be run come first: the others tell what was measured of them. ValueError when all refuse.
    """
    wanted = [Exporter.choose(one) for one in settings.formats]
    refused = {exporter.kind: why for exporter in wanted if (why := exporter.refuses(subject))}
    if len(refused) == len(wanted):
        reasons = "; ".join(f"{kind} {why}" for kind, why in refused.items())
        raise ValueError(f"measure.formats: none of these formats can hold this model ({reasons}); add `onnx`")
    notes = [f"No {one.kind} file: it {refused[one.kind]}." for one in wanted if one.runtime and one.kind in refused]
    fitting = [exporter for exporter in wanted if exporter.kind not in refused]
    return sorted(fitting, key=lambda exporter: exporter.runtime is None), notes


@dataclass(frozen=True)
class Counts:
    """Facts of a model that are known without running it."""

    parameters: int
    nonzero: int
    flops: int | None


def measure_trial(subject: Subject, data: Data, bench: Bench) -> Mapping[str, float]:
    """Measures the cost of a file of `subject` and its quality on the validation split, by field; the file is not kept.

    The first format that a runtime can run. What is chosen by these figures is not judged by the test split, which
    stays unseen for the stage's result. Raises ValueError in one sentence, as `measure_stage` does.
    """
    exporter = next((exporter for exporter in _exporters(subject, bench.settings)[0] if exporter.runtime), None)
    if exporter is None:
        raise ValueError("No runtime can run this model in any file format: it cannot be measured.")
    with scratch_folder(bench.run_folder) as scratch:
        held = HeldOutFiles.write(data, scratch, bench.loss, ["validation"], bench.settings.input)
        subject = embedding(subject, held)
        file = scratch / f"trial{exporter.suffix}"
        exporter.export(subject, file, _calibration(data.train))
        found = _measure(exporter, "", file, held, bench)[0]
        found = _described(exporter, file, found, [], held.interface, bench.facts)  # as large as the final one
    counts = Counts(count.parameters(subject.module), count.nonzero(subject), count.flops(subject))
    return values(counts, found)


def embedding(subject: Subject, held: HeldOutFiles) -> Subject:
    """The subject whose files contain the interface, where they take samples as they were sent."""
    return replace(subject, interface=held.interface if held.interface.form == "as_read" else None)


def check_devices(settings: Measure) -> None:
    """Raises ValueError when a device for the measurements does not exist; called before the first stage."""
    wanted = {Exporter.choose(one).runtime for one in settings.formats}
    for name in sorted(name for name in wanted if name):
        for device in (device for device in settings.devices if device != "cpu"):
            if lack := runtimes.runtime(name).lacks(device):
                raise ValueError(f"measure.devices: `{device}` cannot be measured because {lack}")


def _calibration(split: Split) -> NDArray[Any]:
    """Samples [n, …] spread evenly over the training split: always the same ones, and every class among them."""
    most = min(CALIBRATION_SAMPLES, CALIBRATION_BYTES // (split.dtype.itemsize * max(1, math.prod(split.shape))))
    index = torch.linspace(0, len(split) - 1, min(len(split), max(1, most))).long()
    inputs: NDArray[Any] = split.batch(index)[0].cpu().numpy()
    return inputs


def _finite(scores: Scores) -> Scores:
    """The scores that are numbers; JSON knows no others."""
    return {name: value for name, value in scores.items() if math.isfinite(value)}


def _measure(
    exporter: Exporter, identity: str, path: Path, held: HeldOutFiles, bench: Bench, earlier: Earlier = Earlier()
) -> tuple[ArtifactMeasure, dict[str, Scores], Array | None]:
    """Sizes, and for a file that can be run what each device's clean process measured; the first one's quality by split, and
    its outputs for golden samples."""
    written = path.stat().st_size
    sizes = ArtifactMeasure(exporter=exporter.kind, artifact=identity, bytes=written, gzip_bytes=gzip_bytes(path))
    if exporter.runtime is None:
        return sizes, {}, None
    settings, runtime = bench.settings, exporter.runtime
    others = earlier.files(exporter.kind, bench.run_folder)
    answers = {
        device: run_clean(path, held, device, settings, bench.tick, runtime, others) for device in settings.devices
    }
    first = answers[settings.devices[0]]
    latency = [Latency(device=device, **timing) for device, answer in answers.items() for timing in answer["timings"]]
    quality = {split: _finite(scores) for split, scores in first["quality"].items()}
    measured = sizes.model_copy(
        update={
            "runtime": "; ".join(answer["runtime"] for answer in answers.values()),
            "machine": "; ".join(map(machine, settings.devices)),
            **quality[next(iter(held.splits))],
            "load_ms": first["load_ms"],
            "peak_memory_bytes": first["peak_memory_bytes"],
            "latency": latency,
            "operators": first["operators"],
            "energy_meter": "; ".join(answer["energy_meter"] for answer in answers.values() if answer["energy_meter"])
            or None,
        }
    )
    return measured, quality, first["golden"]
