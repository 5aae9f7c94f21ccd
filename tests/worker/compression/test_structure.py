"""A compressed model comes back from its description exactly."""

import copy
import json

import pytest
import torch
from torch import nn

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE
from worker.components.fusions.batch_norm import BatchNorm
from worker.components.pruners.channels import Channels
from worker.engine.checkpoints.structure import describe, restore, undescribed


@pytest.mark.parametrize("name", subjects.MODELS)
def test_a_pruned_and_folded_model_loads_strictly_into_a_fresh_one(name: str) -> None:
    compressed = Channels(ratio=0.4).prune(subjects.subject(name), ALONE)
    if name in subjects.NORMALIZED:
        compressed = BatchNorm().fold(compressed, ALONE)
    description = json.loads(json.dumps(describe(compressed.module)))

    model, shape = subjects.MODELS[name]
    fresh = restore(model.build(shape, 10), description)
    fresh.load_state_dict(compressed.module.state_dict())

    assert describe(fresh) == describe(compressed.module)
    again = subjects.Subject(fresh, shape)
    assert torch.equal(subjects.outputs(again), subjects.outputs(compressed))


def test_without_restoring_the_weights_do_not_fit() -> None:
    compressed = Channels().prune(subjects.subject("cnn"), ALONE)
    with pytest.raises(RuntimeError, match="size mismatch"):
        subjects.subject("cnn").module.load_state_dict(compressed.module.state_dict())


def test_an_unchanged_model_is_left_alone_and_no_randomness_is_drawn() -> None:
    module = subjects.subject("cnn").module
    smaller = Channels().prune(subjects.subject("cnn"), ALONE).module
    layers = list(module.modules())
    before = torch.get_rng_state()
    assert list(restore(module, describe(copy.deepcopy(module))).modules()) == layers
    restore(module, describe(smaller))
    assert list(module.modules()) != layers
    assert torch.equal(torch.get_rng_state(), before)


def test_new_layers_take_the_mode_and_precision_of_the_model() -> None:
    smaller = Channels().prune(subjects.subject("cnn"), ALONE)
    module = subjects.subject("cnn").module.double().eval()
    restore(module, describe(smaller.module))
    assert {parameter.dtype for parameter in module.parameters()} == {torch.float64}
    assert not any(layer.training for layer in module.modules())


def test_a_layer_with_two_names_stays_one() -> None:
    def build(width: int) -> nn.Module:
        shared = nn.Linear(width, width)
        return nn.Sequential(shared, nn.ReLU(), shared)

    restored = restore(build(4), describe(build(2)))
    assert restored.get_submodule("0") is restored.get_submodule("2")


def test_unknown_layers_are_left_as_they_are() -> None:
    class Own(nn.Module):
        pass

    module = nn.Sequential(Own(), nn.Linear(2, 2))
    own = module[0]
    assert list(describe(module)["leaves"]) == ["1"]
    assert restore(module, describe(nn.Sequential(Own(), nn.Linear(2, 1))))[0] is own


def test_unknown_layers_with_a_state_are_named() -> None:
    module = nn.Sequential(nn.PReLU(), nn.Linear(2, 2), nn.LogSoftmax(1))
    assert undescribed(module) == {"0": "PReLU"}


def test_a_single_layer_is_replaced_as_a_whole() -> None:
    restored = restore(nn.Linear(4, 4), describe(nn.Linear(4, 2, bias=False)))
    assert isinstance(restored, nn.Linear) and restored.weight.shape == (2, 4) and restored.bias is None


def test_a_foreign_description_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="layer `1` that this model lacks"):
        restore(nn.Sequential(nn.ReLU()), describe(nn.Sequential(nn.ReLU(), nn.ReLU())))
    with pytest.raises(ValueError, match="unknown type `system`"):
        restore(nn.Sequential(nn.ReLU()), {"leaves": {"0": {"type": "system", "arguments": {}}}})
