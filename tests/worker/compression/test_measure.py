"""Measurements are those of the file itself, in a process of its own, and the numbers are right."""

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from backend.domain.experiment.experiment import Measure
from tests.worker.compression.alone import ALONE
from tests.worker.compression.conftest import accuracy
from tests.worker.compression.measured import FOLDER, SETTINGS, measured, onnx_of
from worker import codec
from worker.components.exporters.coded import Coded
from worker.components.exporters.onnx import Onnx
from worker.components.models.cnn import CNN
from worker.components.pruners.channels import Channels
from worker.components.pruners.magnitude import Magnitude
from worker.components.quantizers.dynamic_int8 import DynamicInt8
from worker.components.quantizers.static_int8 import StaticInt8
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.measurement import count
from worker.engine.measurement.clean_process import HeldOutFiles, run_clean
from worker.engine.measurement.measure import Bench, Earlier, StageEnd, check_devices, measure_stage
from worker.pipe.messages import StageDone
from worker.shipping import graph

pytestmark = pytest.mark.usefixtures("processes")


def test_accuracy_and_loss_are_those_of_torch(
    float_stage: tuple[StageDone, Path], trained_module: nn.Module, digits: Data
) -> None:
    found = onnx_of(float_stage[0])
    assert found.accuracy == accuracy(trained_module, digits)
    with torch.no_grad():
        loss = nn.functional.cross_entropy(trained_module.eval()(digits.test.inputs), digits.test.targets)
    assert found.loss == pytest.approx(loss.item(), rel=1e-4)


def test_every_file_is_there_whole_and_named_by_its_bytes(float_stage: tuple[StageDone, Path]) -> None:
    done, folder = float_stage
    *models, golden = done.files
    assert [file.kind for file in done.files] == ["onnx", "safetensors", "golden"]
    assert [file.id for file in models] == [entry.artifact for entry in done.result.measures]
    assert (folder / golden.path).stat().st_size == golden.bytes
    for file, entry in zip(models, done.result.measures, strict=True):
        content = (folder / file.path).read_bytes()
        assert file.path == f"{FOLDER}/artifacts/02-{file.kind}-{file.id}.{file.kind}"
        assert len(content) == file.bytes == entry.bytes
        assert hashlib.sha256(content).hexdigest() == file.sha256
        assert abs(entry.gzip_bytes - len(gzip.compress(content, compresslevel=6))) < 32


def test_the_run_folder_holds_the_artifacts_and_nothing_else(float_stage: tuple[StageDone, Path]) -> None:
    done, folder = float_stage
    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert left == {file.path for file in done.files}


def test_latency_throughput_and_memory_are_plausible(float_stage: tuple[StageDone, Path]) -> None:
    found = onnx_of(float_stage[0])
    one, many = found.latency
    assert (one.batch_size, many.batch_size, one.device) == (1, 64, "cpu")
    for latency in found.latency:
        assert 0 < latency.p50_ms <= latency.p95_ms < 1000
        assert latency.spread_ms >= 0 and latency.calls >= SETTINGS.repeats
        assert latency.p50_seen_ms and latency.p95_seen_ms and latency.p50_ms <= latency.p50_seen_ms
        assert latency.disturbed is not None and 0 <= latency.disturbed <= 1
        assert latency.ratios == [], "nothing was measured before it"
    assert one.p50_ms < many.p50_ms < 64 * one.p50_ms
    assert many.samples_per_s == pytest.approx(64_000 / many.p50_ms, rel=0.9)
    assert found.peak_memory_bytes and found.bytes < found.peak_memory_bytes < 500_000_000
    assert found.machine and found.machine.endswith((" core", " cores"))
    assert found.runtime == f"onnxruntime {_onnxruntime_version()}, cpu, 1 thread"
    assert found.operators["Conv"] == 3 and "BatchNormalization" not in found.operators


def _onnxruntime_version() -> str:
    from importlib.metadata import version

    return version("onnxruntime")


def test_weights_alone_are_not_given_a_speed(float_stage: tuple[StageDone, Path]) -> None:
    weights = float_stage[0].result.measures[1]
    assert (weights.exporter, weights.runtime, weights.accuracy, weights.latency) == ("safetensors", None, None, [])


def test_the_result_says_what_was_counted(float_stage: tuple[StageDone, Path], trained_module: nn.Module) -> None:
    result = float_stage[0].result
    assert (result.stage, result.step, result.seconds, result.loss) == (2, 7, 1.5, "cross_entropy")
    assert result.parameters == count.parameters(trained_module)
    assert result.weights_sha256 == count.weights_sha256(trained_module)
    assert result.flops and result.doubts == []
    assert [note for note in result.notes if not note.startswith("The machine was busy")] == []
    json.dumps(result.model_dump(mode="json"), allow_nan=False)


def test_a_stage_that_removed_channels_is_smaller_and_faster(digits: Data, tmp_path: Path) -> None:
    torch.manual_seed(0)
    wide = Subject(CNN(width=48).build(digits.input_shape, 10), digits.input_shape)
    before = measured(wide, digits, tmp_path).result
    after = measured(Channels(ratio=0.75).prune(wide, ALONE), digits, tmp_path, before).result
    assert after.flops and before.flops and after.flops < 0.1 * before.flops
    assert after.measures[0].bytes < 0.1 * before.measures[0].bytes
    assert after.measures[0].latency[1].p50_ms < 0.5 * before.measures[0].latency[1].p50_ms
    assert any("times smaller" in note for note in after.notes)
    compared = [ratio for latency in after.measures[0].latency for ratio in latency.ratios]
    assert {ratio.against for ratio in compared} <= {before.stage} and all(ratio.high < 1 for ratio in compared)


def test_a_file_is_timed_beside_those_of_the_stage_before_and_of_the_first_stage(digits: Data, tmp_path: Path) -> None:
    """The files are found where the run keeps them, also under the names that a fork took over."""
    settings = Measure(batch_sizes=[1], repeats=20, formats=[{"kind": "onnx"}])
    narrow, wide = (Subject(CNN(width=width).build(digits.input_shape, 10), digits.input_shape) for width in (8, 48))
    earlier, bench = Earlier(), Bench(settings, tmp_path, FOLDER)
    for stage, subject in enumerate((wide, narrow, narrow)):
        end = StageEnd(stage, "train", "a stage", step=7, seconds=1.5, validation={})
        result = measure_stage(subject, digits, end, bench, earlier).result
        earlier = earlier.then(result)
    ratios = {ratio.against: ratio for ratio in result.measures[0].latency[0].ratios}
    assert set(ratios) <= {0, 1}, "a busy machine may leave too few calls for one of them"
    assert all(ratio.low <= ratio.ratio <= ratio.high for ratio in ratios.values())
    assert 0 not in ratios or ratios[0].high < 1
    assert earlier.files("onnx", bench.run_folder).keys() == {0, 2} and earlier.files("coded", bench.run_folder) == {}


def test_a_file_that_cannot_be_compared_with_is_left_out(digits: Data, tmp_path: Path, trained: Subject) -> None:
    Onnx().export(trained, tmp_path / "model.onnx", np.zeros(0, np.float32))
    (tmp_path / "damaged.onnx").write_bytes(b"no model")
    others = {0: tmp_path / "damaged.onnx", 1: tmp_path / "model.onnx"}
    held = HeldOutFiles.write(digits, tmp_path, form="prepared")
    answer = run_clean(tmp_path / "model.onnx", held, "cpu", SETTINGS, others=others)
    assert {ratio["against"] for timing in answer["timings"] for ratio in timing["ratios"]} <= {1}


@pytest.mark.parametrize("quantizer", [StaticInt8(), DynamicInt8()], ids=lambda quantizer: quantizer.kind)
def test_a_quantized_stage_leaves_one_file_that_runs_in_8_bits(
    quantizer: StaticInt8, trained: Subject, digits: Data, tmp_path: Path, float_stage: tuple[StageDone, Path]
) -> None:
    done = measured(quantizer.quantize(trained, ALONE), digits, tmp_path, float_stage[0].result)
    assert [file.kind for file in done.files] == ["onnx", "golden"]
    found = onnx_of(done)
    assert found.accuracy and found.accuracy > onnx_of(float_stage[0]).accuracy - 0.03  # type: ignore[operator]
    assert {"QLinearConv", "DynamicQuantizeMatMul"} & found.operators.keys()
    assert done.result.notes


def test_a_coded_file_runs_as_the_file_that_it_was_made_of(trained: Subject, digits: Data, tmp_path: Path) -> None:
    formats = [{"kind": "onnx"}, {"kind": "coded"}]
    settings = Measure(batch_sizes=[1], repeats=5, formats=formats)
    pruned = Magnitude(sparsity=0.9).prune(trained, ALONE)
    done = measured(pruned, digits, tmp_path, settings=settings)
    whole, coded = done.result.measures
    assert (whole.exporter, coded.exporter) == ("onnx", "coded")
    assert (coded.accuracy, coded.loss, coded.operators) == (whole.accuracy, whole.loss, whole.operators)
    assert coded.bytes < whole.bytes / 5
    assert whole.load_ms and coded.load_ms
    first, second, _ = (tmp_path / file.path for file in done.files)
    decoded = codec.decode(second.read_bytes())
    assert decoded == graph.bare(first) and first.read_bytes().startswith(decoded)


def test_a_damaged_coded_file_is_refused_in_a_sentence(trained: Subject, digits: Data, tmp_path: Path) -> None:
    Coded().export(trained, tmp_path / "model.coded", np.zeros(0, np.float32))
    damaged = tmp_path / "damaged.coded"
    damaged.write_bytes((tmp_path / "model.coded").read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"damaged\.coded could not be measured: The coded model is damaged"):
        run_clean(damaged, HeldOutFiles.write(digits, tmp_path), "cpu", SETTINGS)


def test_measuring_leaves_the_model_as_it_was(trained: Subject, digits: Data, tmp_path: Path) -> None:
    trained.module.get_submodule("norm1").eval()
    measured(trained, digits, tmp_path)
    assert trained.module.training and not trained.module.get_submodule("norm1").training


def test_a_device_that_is_not_there_is_named_with_its_reason() -> None:
    check_devices(Measure(devices=["cpu"]))
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(
            ValueError, match="`cuda` cannot be measured because this worker's ONNX Runtime has no CUDA"
        ):
            check_devices(Measure(devices=["cpu", "cuda"]))


def test_a_model_that_answers_nan_is_measured_without_a_loss(digits: Data, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    nn.init.constant_(module[1].bias, torch.nan)
    done = measured(Subject(module, digits.input_shape), replace(digits), tmp_path)
    assert onnx_of(done).loss is None
    assert done.result.doubts and "no number" in done.result.doubts[0]
    json.dumps(done.result.model_dump(mode="json"), allow_nan=False)
