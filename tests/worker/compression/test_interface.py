"""Every model's file takes samples as they were sent: layout, scaling and the last step are in it, whatever they are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tests.worker.compression.alone import ALONE
from tests.worker.compression.test_every_model import MODELS, subject
from tests.worker.sorts import Sort
from worker.components.exporters.onnx import Onnx
from worker.components.exporters.torch_export import TorchExport
from worker.components.losses.bce import BCE
from worker.components.losses.cross_entropy import CrossEntropy
from worker.components.quantizers.static_int8 import StaticInt8
from worker.components.quantizers.weight_only_int8 import WeightOnlyInt8
from worker.contracts.families.losses import Loss
from worker.contracts.families.models import Model
from worker.contracts.subject import Subject
from worker.data.interface import Head, Interface
from worker.data.layout import Layout
from worker.data.tensors import Array, Scaling
from worker.shipping import graph

RANDOM = np.random.default_rng(5)
NONE = np.zeros(0, np.float32)
PLAIN = Layout()


def interface(sort: Sort, head: Head = "softmax", layout: Layout = PLAIN, **changes: Any) -> Interface:
    """Of pixels that are bytes, of numbers around 1.7 · 10⁹, or of tokens."""
    kind = len(sort.shape)
    offset, size = {3: (120.0, 60.0), 2: (0.0, 1.0), 1: (1.7e9, 900.0)}[kind]
    shape = (sort.shape[0], 1, 1) if kind == 3 else sort.shape
    scaling = Scaling(RANDOM.normal(offset, size / 9, shape), RANDOM.uniform(size / 2, size, shape))
    texts, numbers = sort.dtype == torch.int64, sort.task == "regression"
    made = Interface(
        form="as_read",
        task=sort.task,
        head="unit" if numbers else head,
        layout=layout,
        shape=layout.shape or sort.shape,
        dtype=np.dtype(np.int64 if texts else np.uint8 if kind == 3 else np.float64),
        inner=sort.shape,
        scaling=None if texts else scaling,
        unit=RANDOM.uniform(1, 9, sort.outputs) if numbers else None,
        zero=RANDOM.normal(1e9, 1e6, sort.outputs) if numbers else None,
    )
    return replace(made, **changes)


def read(sort: Sort, samples: int = 16) -> Array:
    """Samples [n, …] in the model's layout, as a data set reads them."""
    if sort.dtype == torch.int64:
        return RANDOM.integers(0, sort.outputs, (samples, *sort.shape))
    if len(sort.shape) == 3:
        return RANDOM.integers(0, 256, (samples, *sort.shape), np.uint8)
    return 1.7e9 + 900 * RANDOM.normal(size=(samples, *sort.shape))


@torch.no_grad()
def expected(made: Subject, said: Interface, inputs: Array) -> Array:
    """By hand: NumPy around the module in memory."""
    prepared = said.scaling(inputs) if said.scaling else inputs
    outputs = made.module.eval()(torch.from_numpy(prepared)).double()
    if said.unit is not None:
        return outputs.numpy() * said.unit + said.zero
    found: Array = (outputs.softmax(-1) if said.head == "softmax" else outputs.sigmoid()).numpy()
    return found


def run(file: Path, sent: Array) -> Array:
    session = onnxruntime.InferenceSession(file)
    found: Array = session.run(None, {"input": np.ascontiguousarray(sent)})[0]
    return found


def layouts(shape: tuple[int, ...]) -> list[Layout]:
    if len(shape) != 3:
        return [Layout()]
    channels, *size = shape
    last = Layout((*size, channels), (0, 3, 1, 2))
    return [Layout(), last, Layout(tuple(size))] if channels == 1 else [Layout(), last]


@pytest.mark.parametrize(("model", "sort"), MODELS)
def test_a_file_answers_for_samples_as_they_were_sent(model: Model, sort: Sort, tmp_path: Path) -> None:
    made, inputs = subject(model, sort), read(sort)
    for number, layout in enumerate(layouts(sort.shape)):
        said = interface(sort, layout=layout)
        file = tmp_path / f"{number}.onnx"
        Onnx().export(replace(made, interface=said), file, NONE)
        onnx.checker.check_model(onnx.load(file), full_check=True)
        sent = said.send(inputs)
        assert sent.shape[1:] == said.shape
        for batch in (1, 16):
            np.testing.assert_allclose(
                run(file, sent[:batch]), expected(made, said, inputs[:batch]), rtol=1e-4, atol=1e-5
            )


@pytest.mark.parametrize("quantizer", [StaticInt8(), WeightOnlyInt8()], ids=lambda quantizer: quantizer.kind)
def test_a_quantized_graph_stays_as_it_was_converted(quantizer: Any, tmp_path: Path) -> None:
    """Its nodes and weights are those of the file for prepared samples, and so are its answers."""
    model, sort = next(one.values for one in MODELS if one.id and one.id.startswith("cnn-digits"))
    made, inputs = subject(model, sort), read(sort, 64)  # type: ignore[arg-type]
    said = interface(sort)  # type: ignore[arg-type]
    assert said.scaling is not None
    prepared = said.scaling(inputs)
    marked = quantizer.quantize(made, ALONE)
    Onnx().export(marked, tmp_path / "prepared.onnx", prepared)
    Onnx().export(replace(marked, interface=said), tmp_path / "sent.onnx", prepared)
    bare, whole = (onnx.load(tmp_path / name).graph for name in ("prepared.onnx", "sent.onnx"))
    kept = {entry.name: entry for entry in whole.initializer}
    assert all(kept[entry.name] == entry for entry in bare.initializer)
    assert [node.op_type for node in bare.node] == [node.op_type for node in whole.node][-len(bare.node) - 1 : -1]
    outputs = torch.from_numpy(run(tmp_path / "prepared.onnx", prepared))
    np.testing.assert_allclose(run(tmp_path / "sent.onnx", inputs), outputs.softmax(-1).numpy(), rtol=1e-4, atol=1e-6)


def test_a_program_of_torch_has_the_same_steps(tmp_path: Path) -> None:
    for name in ("cnn-odd", "mlp-numbers"):
        found = next((one.values for one in MODELS if one.id and one.id.startswith(name)), None)
        if found is None:
            found = next(one.values for one in MODELS if one.id and one.id.startswith(name.partition("-")[0]))
        model, sort = found
        made, inputs = subject(model, sort), read(sort)  # type: ignore[arg-type]
        said = interface(sort, layout=layouts(sort.shape)[-1])  # type: ignore[union-attr, arg-type]
        TorchExport().export(replace(made, interface=said), tmp_path / f"{name}.pt2", NONE)
        program = torch.export.load(tmp_path / f"{name}.pt2").module()
        answers = program(torch.from_numpy(np.ascontiguousarray(said.send(inputs)))).detach().numpy()
        np.testing.assert_allclose(answers, expected(made, said, inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loss", [CrossEntropy(), BCE()], ids=lambda loss: loss.kind)
def test_a_loss_is_the_same_from_probabilities(loss: Loss) -> None:
    sort = next(one.values[1] for one in MODELS if one.id and one.id.startswith("cnn-digits"))
    said = interface(sort, loss.head)  # type: ignore[arg-type]
    outputs, targets = 3 * torch.randn(200, 10), torch.randint(10, (200,))
    answers = outputs.softmax(-1) if loss.head == "softmax" else outputs.sigmoid()
    assert loss.loss(said.undo(answers), targets).item() == pytest.approx(loss.loss(outputs, targets).item(), rel=1e-5)
    certain = torch.tensor([[200.0, *[0.0] * 9]])
    answers = certain.softmax(-1) if loss.head == "softmax" else certain.sigmoid()
    assert loss.loss(said.undo(answers), torch.tensor([3])).item() < 120  # a floor, and no infinity


def test_numbers_keep_their_digits_beside_a_large_offset() -> None:
    sort = Sort("numbers", (6,), 2, frozenset({"real", "numbers"}))
    said = interface(sort, zero=np.array([1e9, -4e9]), unit=np.array([2.0, 0.5]))
    outputs = torch.randn(50, 2)
    answers = torch.from_numpy(outputs.double().numpy() * said.unit + said.zero)  # type: ignore[operator]
    torch.testing.assert_close(said.undo(answers), outputs.double(), rtol=0, atol=2e-6)


def test_facts_follow_the_graph_and_leave_it_as_it_was(tmp_path: Path) -> None:
    model, sort = MODELS[0].values
    file = tmp_path / "model.onnx"
    Onnx().export(subject(model, sort), file, NONE)  # type: ignore[arg-type]
    before = file.read_bytes()
    graph.describe(file, {"classes": '["ä"]', "scaling": "1" * 70_000})
    graph.describe(file, {"accuracy": "0.5"})
    assert file.read_bytes().startswith(before)
    said = onnxruntime.InferenceSession(file).get_modelmeta().custom_metadata_map
    assert {name: said[name] for name in ("classes", "accuracy")} == {"classes": '["ä"]', "accuracy": "0.5"}
    assert "scaling" not in said


def test_a_graph_without_its_scaling_is_caught(tmp_path: Path) -> None:
    """A control of the checks above."""
    model, sort = next(one.values for one in MODELS if one.id and one.id.startswith("cnn-digits"))
    made, inputs = subject(model, sort), read(sort)  # type: ignore[arg-type]
    said = interface(sort)  # type: ignore[arg-type]
    Onnx().export(replace(made, interface=replace(said, scaling=None)), tmp_path / "model.onnx", NONE)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(
            run(tmp_path / "model.onnx", inputs), expected(made, said, inputs), rtol=1e-4, atol=1e-5
        )
