"""Every shown number is that of the file: recomputed with ONNX Runtime, NumPy and scikit-learn alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from sklearn.metrics import mean_absolute_error, r2_score
from torch import nn

from tests.worker.compression.alone import ALONE
from tests.worker.compression.measured import FOLDER
from worker.components.losses.focal import Focal
from worker.components.losses.huber import Huber
from worker.components.quantizers.weight_only_int4 import WeightOnlyInt4
from worker.contracts.families.losses import Loss
from worker.contracts.subject import Subject
from worker.data.tensors import Array, Corpus, Data, Samples, Split
from worker.engine.evaluate import evaluate
from worker.engine.input.storage import Storing, store
from worker.engine.measurement.measure import Bench, Measure, StageEnd, measure_stage
from worker.pipe.messages import StageDone

pytestmark = pytest.mark.usefixtures("processes")

SETTINGS = Measure(batch_sizes=[1], repeats=5, formats=[{"kind": "onnx"}])
RANDOM = np.random.default_rng(2)


def numbers(folder: Path) -> Data:
    """Two targets: one with a large unit and offset that can be learnt, one of pure noise."""
    inputs = RANDOM.normal(size=(600, 32))
    learnable = 1.7e9 + 1400 * inputs[:, 0] + 300 * RANDOM.normal(size=600)
    targets = np.column_stack([learnable, RANDOM.normal(size=600)])
    parts = [Samples(inputs[rows], targets[rows]) for rows in np.split(np.arange(600), [400, 500])]
    return store(Corpus(*parts, "regression", 2), None, Storing("device", "cpu", folder))


def fitted(data: Data, outputs: int) -> Subject:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, outputs))
    optimizer = torch.optim.Adam(module.parameters(), 0.01)
    loss = nn.functional.mse_loss if data.task == "regression" else nn.functional.cross_entropy
    for _ in range(60):
        optimizer.zero_grad()
        loss(module(data.train.inputs), data.train.targets).backward()  # type: ignore[operator]
        optimizer.step()
    return Subject(module, (32,))


def done(subject: Subject, data: Data, folder: Path, loss: Loss | None) -> StageDone:
    end = StageEnd(0, "train", "a stage", step=1, seconds=1.0, validation={"r2": -7.0})
    return measure_stage(subject, data, end, Bench(SETTINGS, folder, FOLDER, loss=loss))


def answers(stage: StageDone, folder: Path, inputs: Array) -> Array:
    session = onnxruntime.InferenceSession(str(folder / stage.files[0].path))
    found: Array = session.run(None, {session.get_inputs()[0].name: inputs})[0]
    return found


@pytest.mark.parametrize("quantized", [False, True], ids=["float", "int4"])
def test_numbers_are_measured_on_the_file_against_the_targets_as_they_were_sent(
    quantized: bool, tmp_path: Path
) -> None:
    data = numbers(tmp_path)
    subject = fitted(data, 2)
    before = evaluate(subject.module, data.validation, Huber(), data)
    stage = done(WeightOnlyInt4(block=16).quantize(subject, ALONE) if quantized else subject, data, tmp_path, Huber())
    test, validation = stage.result.measures[0], stage.result.validation
    assert stage.result.loss == "huber"
    for split, shown in ((data.test, test.model_dump()), (data.validation, validation)):
        assert data.read is not None and split.numbers is not None
        read = data.read.test if split is data.test else data.read.validation
        predicted = answers(stage, tmp_path, read.inputs)
        assert shown["r2"] == pytest.approx(r2_score(split.numbers, predicted), abs=1e-6)
        assert shown["mae"] == pytest.approx(mean_absolute_error(split.numbers, predicted), rel=1e-6)
        error = np.abs((predicted - data.zero) / data.unit - split.targets.numpy())
        assert shown["loss"] == pytest.approx(np.where(error <= 1, error**2 / 2, error - 0.5).mean(), rel=1e-5)
    # the checks above would not hold of the model in memory once the file is quantized
    assert (abs(validation["r2"] - before["r2"]) > 1e-4) == quantized


def test_a_stage_shows_the_loss_that_it_was_trained_with(tmp_path: Path) -> None:
    data = numbers(tmp_path)
    classes = [replace(split, targets=(split.targets[:, 0] > 0).long(), numbers=None) for split in _splits(data)]
    data = Data(*classes, outputs=2)
    subject = fitted(data, 2)
    shown = {}
    for loss in (Focal(gamma=2.0), None):
        stage = done(subject, data, tmp_path, loss)
        assert stage.result.loss == ("focal" if loss else "cross_entropy")
        assert stage.result.measures[0].accuracy == pytest.approx(
            (answers(stage, tmp_path, data.test.inputs.numpy()).argmax(1) == data.test.targets.numpy()).mean()
        )
        shown[stage.result.loss] = stage.result.measures[0].loss, stage.result.validation["loss"]
    assert shown["focal"] != shown["cross_entropy"]
    memory = evaluate(subject.module, data.validation, Focal(gamma=2.0), data)
    assert shown["focal"][1] == pytest.approx(memory["loss"], rel=1e-4)


def _splits(data: Data) -> list[Split]:
    return [data.train, data.validation, data.test]
