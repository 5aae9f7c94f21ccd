"""Every model through every sort of compression: it works, or a trait refuses it before it is queued."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from backend.domain.catalog import CatalogEntry, Provision
from backend.domain.experiment.experiment import resolve
from backend.domain.problems import SpecInvalid
from tests.worker.components.registry import every, make
from tests.worker.compression.alone import ALONE, Alone
from tests.worker.compression.measured import measured
from tests.worker.sorts import Sort, smallest
from worker.components.exporters.onnx import Onnx
from worker.components.exporters.safetensors import Safetensors
from worker.components.fusions.batch_norm import BatchNorm
from worker.components.fusions.linear import Linear
from worker.components.fusions.similar import Similar
from worker.components.pruners._structured import Structured
from worker.components.pruners.channels import Channels
from worker.components.pruners.heads import Heads
from worker.components.pruners.magnitude import Magnitude
from worker.components.pruners.neurons import Neurons
from worker.components.pruners.units import Units
from worker.components.quantizers.dynamic_int8 import DynamicInt8
from worker.components.quantizers.qat_int8 import QatInt8
from worker.components.quantizers.static_int8 import StaticInt8
from worker.components.quantizers.weight_only_int4 import WeightOnlyInt4
from worker.contracts.catalog import build
from worker.contracts.families.fusions import Fusion
from worker.contracts.families.models import Model
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.engine.checkpoints.structure import describe, restore
from worker.engine.measurement import count
from worker.runtimes.onnxruntime import executed_operators

STRUCTURED = [
    (Channels(), 0.85),
    (Neurons(), 0.95),
    (Heads(), 0.95),
    (Units(), 0.85),
]  # and the part that is left at most
CATALOG = build()
ATTENTION = {"depth": 2, "heads": 2, "head_width": 8}
PAIRS = {"kind": "group", "groups": 2}
SMALL: dict[str, list[dict[str, Any]]] = {
    "mlp": [{"hidden": [16, 12], "norm": norm} for norm in ("none", "batch", "layer", PAIRS)],
    "cnn": [{"width": 8, "norm": norm} for norm in ("batch", "layer", PAIRS)],
    "resnet": [
        {"depth": 14, "width": 4},
        {"depth": 8, "width": 4, "shortcut": "projection"},
        {"depth": 8, "width": 8, "norm": PAIRS},
        {"depth": 8, "width": 4, "norm": "none", "shortcut": "projection"},
    ],
    "mobilenet": [{"multiplier": 0.125}, {"multiplier": 0.125, "norm": "layer"}],
    "rnn": [{"width": 16, "layers": 2}],
    "gru": [{"width": 16}],
    "lstm": [{"width": 16, "layers": 2}],
    "vit": [ATTENTION, {**ATTENTION, "patch": 3}],
    "char_transformer": [ATTENTION],
    "text_transformer": [ATTENTION],
}
MODELS = [
    pytest.param(make("models", kind.kind, **parameters), sort, id=f"{kind.kind}-{sort.name}-{number}")
    for kind in every("models")
    for number, parameters in enumerate(SMALL.get(kind.kind, [{}]))
    for sort in smallest(kind)
]
FIRST = list({model.values[0].kind: model for model in reversed(MODELS)}.values())  # type: ignore[union-attr]
"""One of each kind."""
each_model = pytest.mark.parametrize(("model", "sort"), MODELS)


def subject(model: Model, sort: Sort) -> Subject:
    """With weights and statistics that are no longer those of the beginning, so that answers differ."""
    torch.manual_seed(0)
    module = sort.build(model)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.normal_(layer.bias, std=0.2)
        last = [layer for layer in module.modules() if isinstance(layer, nn.Linear)][-1]
        last.weight.mul_(5)
        for _ in range(3):
            module(sort.inputs(32))
    return Subject(module.eval(), sort.shape, input_dtype=sort.dtype)


def provided(model: Model) -> set[str]:
    entry = CATALOG.find("models", model.kind)
    assert entry is not None
    return {item.trait for item in entry.provides if item.holds(model.model_dump(mode="json"))}


@torch.no_grad()
def answers(subject: Subject, inputs: torch.Tensor) -> NDArray[np.float32]:
    logits: NDArray[np.float32] = subject.module(inputs).numpy()
    return logits


def run(file: Path, inputs: torch.Tensor) -> NDArray[np.float32]:
    outputs: NDArray[np.float32] = onnxruntime.InferenceSession(file).run(None, {"input": inputs.numpy()})[0]
    return outputs


def exported(subject: Subject, folder: Path, samples: torch.Tensor) -> Path:
    file = folder / "model.onnx"
    Onnx().export(subject, file, samples.numpy())
    return file


@each_model
def test_is_exported_and_answers_alike_at_any_batch_size(model: Model, sort: Sort, tmp_path: Path) -> None:
    made, inputs = subject(model, sort), sort.inputs()
    expected = answers(made, inputs)
    file = exported(made, tmp_path, inputs)
    for batch in (1, 3, 16):
        np.testing.assert_allclose(run(file, inputs[:batch]), expected[:batch], rtol=1e-3, atol=1e-4)
    Safetensors().export(made, tmp_path / "weights.safetensors", inputs.numpy())


@each_model
@pytest.mark.parametrize("quantizer", [DynamicInt8(), StaticInt8()], ids=["dynamic", "static"])
def test_is_quantized_and_answers_about_alike(model: Model, sort: Sort, quantizer: Quantizer, tmp_path: Path) -> None:
    made, inputs = subject(model, sort), sort.inputs(128)
    expected = answers(made, inputs)
    file = exported(quantizer.quantize(made, ALONE), tmp_path, inputs)
    outputs = run(file, inputs)
    correlation = np.corrcoef(outputs.ravel(), expected.ravel())[0, 1]
    assert correlation > 0.95
    assert not np.array_equal(outputs, expected)


@pytest.mark.parametrize("quantizer", [WeightOnlyInt4(), QatInt8(samples=64)], ids=["int4", "qat"])
@pytest.mark.parametrize(("model", "sort"), FIRST)
def test_is_stored_in_fewer_bits_or_says_why_not(
    model: Model, sort: Sort, quantizer: Quantizer, tmp_path: Path
) -> None:
    made, inputs = subject(model, sort), sort.inputs(64)
    expected = answers(made, inputs)
    outputs = run(exported(quantizer.quantize(made, Alone(sort.data(64))), tmp_path, inputs), inputs)
    assert np.corrcoef(outputs.ravel(), expected.ravel())[0, 1] > 0.9
    assert not np.array_equal(outputs, expected)


@each_model
@pytest.mark.parametrize(("pruner", "most"), STRUCTURED, ids=lambda value: getattr(value, "kind", ""))
def test_structures_are_removed_exactly_where_the_model_says_so(
    model: Model, sort: Sort, pruner: Structured, most: float, tmp_path: Path
) -> None:
    made, inputs = subject(model, sort), sort.inputs(4)
    if pruner.kind not in provided(model):
        refused(model, sort, {"kind": "prune", "method": {"kind": pruner.kind}})
        return
    shape, parameters, flops = answers(made, inputs).shape, count.parameters(made.module), count.flops(made)
    pruned = pruner.prune(made, Alone(sort.data()))
    expected, fewer = answers(pruned, inputs), count.flops(pruned)
    assert expected.shape == shape
    assert flops and fewer and fewer < most * flops
    assert count.parameters(pruned.module) < most * parameters
    np.testing.assert_allclose(run(exported(pruned, tmp_path, inputs), inputs), expected, rtol=1e-3, atol=1e-4)
    fresh = restored(pruned, model, sort)
    assert np.array_equal(answers(fresh, inputs), expected)
    if pruner.kind != "heads":  # of two heads one is left
        fresh = pruner.model_copy(update={"ratio": 0.25}).prune(fresh, ALONE)
    assert answers(fresh, inputs).shape == shape
    fresh.module.zero_grad()
    loss = sort.loss(fresh.module.train()(inputs), sort.targets(4))
    loss.backward()
    assert all(parameter.grad is not None for parameter in fresh.module.parameters())


def restored(compressed: Subject, model: Model, sort: Sort) -> Subject:
    """The model rebuilt, brought into the shape of `compressed`, with its weights: as from a checkpoint."""
    fresh = restore(sort.build(model), json.loads(json.dumps(describe(compressed.module))))
    fresh.load_state_dict(compressed.module.state_dict())
    return Subject(fresh.eval(), sort.shape, input_dtype=sort.dtype)


@each_model
def test_batch_normalization_is_folded_exactly_where_the_model_says_so(model: Model, sort: Sort) -> None:
    made, inputs = subject(model, sort), sort.inputs(4)
    if "batch_norm" not in provided(model):
        refused(model, sort, {"kind": "fold", "method": {"kind": "batch_norm"}})
        return
    expected = answers(made, inputs)
    folded = BatchNorm().fold(made, ALONE)
    assert not any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in folded.module.modules())
    np.testing.assert_allclose(answers(folded, inputs), expected, rtol=1e-5, atol=1e-5)
    assert np.array_equal(answers(restored(folded, model, sort), inputs), answers(folded, inputs))


@each_model
@pytest.mark.parametrize("folder", [Linear(), Similar()], ids=["linear", "similar"])
def test_layers_merge_or_a_sentence_says_why_not(model: Model, sort: Sort, folder: Fusion) -> None:
    made, inputs = subject(model, sort), sort.inputs(4)
    if not set(folder.needs) <= provided(model):
        refused(model, sort, {"kind": "fold", "method": {"kind": folder.kind}})
        return
    mixes = getattr(getattr(model, "norm", None), "kind", "none") in ("layer", "group")
    if folder.kind == "linear" or mixes:  # there is a nonlinearity between any two layers of ours
        with pytest.raises(ValueError, match="there are no "):
            folder.fold(made, Alone(sort.data()))
        return
    before, parameters = answers(made, inputs), count.parameters(made.module)
    folded = folder.fold(made, Alone(sort.data()))
    after = answers(folded, inputs)
    assert after.shape == before.shape and np.isfinite(after).all()
    assert count.parameters(folded.module) < parameters
    assert np.array_equal(answers(restored(folded, model, sort), inputs), after)


@each_model
def test_the_smallest_weights_of_every_matrix_can_be_masked(model: Model, sort: Sort) -> None:
    pruned = Magnitude(sparsity=0.5, scope="local").prune(subject(model, sort), ALONE)
    weights = {name for name, parameter in pruned.module.named_parameters() if parameter.dim() > 1}
    assert set(pruned.masks) == {name for name in weights if not name.startswith(("embedding", "places"))}
    for mask in pruned.masks.values():
        assert mask.double().mean().item() == pytest.approx(0.5, abs=0.5 / mask.numel() + 1e-9)


def refused(model: Model, sort: Sort, stage: dict[str, Any]) -> None:
    """The stage is refused before the spec is queued; without it the spec is right."""
    dataset = CatalogEntry(
        family="datasets",
        kind="made",
        summary="Data of this sort.",
        description="Data of this sort.",
        parameters={"type": "object", "properties": {}},
        provides=[Provision(trait=trait) for trait in sorted(sort.traits)],
    )
    catalog = CATALOG.model_copy(update={"entries": [*CATALOG.entries, dataset]})
    spec = {"name": "x", "dataset": "made", "model": model.model_dump(mode="json"), "stages": ["train"]}
    resolve(spec, catalog)
    with pytest.raises(SpecInvalid) as refusal:
        resolve({**spec, "stages": ["train", stage]}, catalog)
    assert [problem.path for problem in refusal.value.problems] == ["stages[1].method"]


@pytest.mark.usefixtures("processes")
def test_a_model_of_texts_is_measured_from_its_file(tmp_path: Path) -> None:
    """Token ids pass through the artifact's own process, float and quantized."""
    (sort,) = smallest(type(make("models", "char_transformer")))
    made = subject(make("models", "char_transformer", **ATTENTION), sort)
    for number, candidate in enumerate(
        (made, DynamicInt8().quantize(made, ALONE), StaticInt8(samples=8).quantize(made, ALONE))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = measured(candidate, sort.data(), folder)
        (measure,) = [measure for measure in done.result.measures if measure.runtime]
        assert measure.loss is not None and abs(measure.loss - np.log(sort.outputs)) < 3
        assert measure.latency[0].p50_ms > 0


def test_a_long_short_term_memory_computes_in_8_bits(tmp_path: Path) -> None:
    sort = smallest(type(make("models", "lstm")))[0]
    made = subject(make("models", "lstm"), sort)
    operators = executed_operators(
        exported(DynamicInt8().quantize(made, ALONE), tmp_path, sort.inputs()), sort.inputs().numpy()
    )
    assert operators["DynamicQuantizeLSTM"] == 1


def test_work_inside_fused_kernels_is_counted() -> None:
    """Of an LSTM and of attention, by hand: a multiply-add is two operations."""
    lstm = make("models", "lstm", width=16).build((1, 8, 8), 10)
    assert count.flops(Subject(lstm, (1, 8, 8))) == 2 * (8 * 4 * 16 * (8 + 16) + 16 * 10)
    text = make("models", "char_transformer", depth=1, heads=2, head_width=4, expansion=2).build((12,), 30)
    layers, scores = 12 * (4 * 8 * 8 + 2 * 8 * 16 + 8 * 30), 2 * 2 * 12 * 12 * 4
    assert count.flops(Subject(text, (12,), input_dtype=torch.int64)) == 2 * (layers + scores)
    before = torch.backends.mkldnn.enabled
    count.flops(Subject(lstm, (1, 8, 8)))
    assert torch.backends.mkldnn.enabled == before
