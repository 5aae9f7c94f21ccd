"""Recurrent units: what is cut out computes what masking it would compute."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE, Alone
from worker.components.models._recurrent import Recurrent
from worker.components.models.gru import GRU
from worker.components.models.lstm import LSTM
from worker.components.models.rnn import RNN
from worker.components.pruners.magnitude import Magnitude
from worker.components.pruners.units import Units
from worker.contracts.subject import Subject
from worker.data.tensors import Data, Split
from worker.engine.checkpoints.structure import describe, restore

CELLS = pytest.mark.parametrize("cell", [LSTM, GRU, RNN])
SHAPES = pytest.mark.parametrize("shape", [(1, 8, 8), (12,)])  # rows of an image; tokens of a text


def subject(cell: type[Recurrent], shape: tuple[int, ...], layers: int = 2, width: int = 6) -> Subject:
    torch.manual_seed(5)
    return Subject(cell(width=width, layers=layers).build(shape, 10).double().eval(), shape)


def sample(shape: tuple[int, ...]) -> Tensor:
    torch.manual_seed(6)
    return torch.randint(0, 10, (3, *shape)) if len(shape) == 1 else torch.randn(3, *shape, dtype=torch.float64)


def weakened(module: nn.Module, units: dict[int, list[int]], by: float = 1e-3) -> nn.Module:
    """The module with weights of these units, by layer, that are small but far from zero."""
    recurrent = module.get_submodule("recurrent")
    assert isinstance(recurrent, nn.RNNBase)
    with torch.no_grad():
        for layer, weak in units.items():
            for name in (f"weight_ih_l{layer}", f"weight_hh_l{layer}", f"bias_ih_l{layer}", f"bias_hh_l{layer}"):
                weight = recurrent.get_parameter(name)
                weight.view(-1, recurrent.hidden_size, weight.numel() // len(weight))[:, weak] *= by
            for column in _readers(module, recurrent, layer):
                column[:, weak] *= by
    return module


def _readers(module: nn.Module, recurrent: nn.RNNBase, layer: int) -> list[Tensor]:
    last = layer + 1 == recurrent.num_layers
    above = module.get_parameter("output.1.weight") if last else recurrent.get_parameter(f"weight_ih_l{layer + 1}")
    return [recurrent.get_parameter(f"weight_hh_l{layer}"), above]


def silenced(module: nn.Module, units: dict[int, list[int]]) -> nn.Module:
    """The module in which nobody reads the states of these units."""
    quiet = copy.deepcopy(module)
    recurrent = quiet.get_submodule("recurrent")
    assert isinstance(recurrent, nn.RNNBase)
    with torch.no_grad():
        for layer, gone in units.items():
            for column in _readers(quiet, recurrent, layer):
                column[:, gone] = 0.0
    return quiet


@CELLS
@SHAPES
def test_what_is_cut_out_computes_what_masking_it_would(cell: type[Recurrent], shape: tuple[int, ...]) -> None:
    weak = {0: [1, 4, 5], 1: [0, 2, 3]}
    before = subject(cell, shape)
    weakened(before.module, weak, by=0.3)
    masked, inputs = silenced(before.module, weak), sample(shape)
    other = silenced(before.module, {0: [0, 4, 5], 1: [0, 2, 3]})
    whole = before.module(inputs)
    pruned = Units(ratio=0.5).prune(before, ALONE).module
    recurrent = pruned.get_submodule("recurrent")
    assert isinstance(recurrent, nn.RNNBase) and recurrent.hidden_size == 3
    assert torch.allclose(pruned(inputs), masked(inputs), rtol=0, atol=1e-12)
    assert not torch.allclose(pruned(inputs), other(inputs), atol=1e-6)  # the units by hand are those that went
    assert not torch.allclose(pruned(inputs), whole, atol=1e-6)


def test_by_hand_the_unit_that_matters_stays_with_all_of_its_gates() -> None:
    module = subject(LSTM, (1, 2, 2), layers=1, width=2).module
    with torch.no_grad():
        for number, weight in enumerate(module.parameters()):
            weight.copy_(torch.arange(weight.numel(), dtype=torch.float64).view(weight.shape) / 100 + number)
        module.get_parameter("recurrent.weight_hh_l0")[:, 0] = 0.01
        module.get_parameter("output.1.weight")[:, 0] = 0.0
    before = {name: weight.clone() for name, weight in module.named_parameters()}
    pruned = Units(ratio=0.5).prune(Subject(module, (1, 2, 2)), ALONE).module
    rows = torch.tensor([1, 3, 5, 7])  # unit 1 of the input, forget, memory and output gate
    for name in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
        assert torch.equal(pruned.get_parameter(f"recurrent.{name}"), before[f"recurrent.{name}"][rows])
    own = before["recurrent.weight_hh_l0"][rows][:, [1]]
    assert torch.equal(pruned.get_parameter("recurrent.weight_hh_l0"), own)
    assert torch.equal(pruned.get_parameter("output.1.weight"), before["output.1.weight"][:, [1]])


@CELLS
def test_masks_are_cut_with_their_weights(cell: type[Recurrent]) -> None:
    sparse = Magnitude(sparsity=0.6).prune(subject(cell, (1, 8, 8)), ALONE)
    pruned = Units(ratio=0.5).prune(sparse, ALONE)
    assert pruned.masks.keys() == sparse.masks.keys()
    for name, mask in pruned.masks.items():
        weight = pruned.module.get_parameter(name)
        assert mask.shape == weight.shape and torch.equal(mask, weight != 0)


@CELLS
@pytest.mark.parametrize(
    "fields", [{"importance": "taylor"}, {"importance": "l1"}, {"scope": "global"}, {"round_to": 4}]
)
def test_layers_that_lie_on_each_other_keep_one_width_and_still_learn(
    cell: type[Recurrent], fields: dict[str, object]
) -> None:
    before = subject(cell, (1, 8, 8), 3, 8)
    before.module.float()
    split = Split(torch.randn(64, 1, 8, 8), torch.arange(64) % 10)
    context = Alone(Data(split, split, split, outputs=10))
    pruned = Units.model_validate({"ratio": 0.5, **fields}).prune(before, context)
    recurrent = pruned.module.get_submodule("recurrent")
    assert isinstance(recurrent, nn.RNNBase) and recurrent.hidden_size == 4
    pruned.module(sample((1, 8, 8)).float()).sum().backward()
    assert all(weight.grad is not None for weight in pruned.module.parameters())


@CELLS
def test_a_pruned_one_is_built_again_from_its_description(cell: type[Recurrent]) -> None:
    pruned, inputs = Units(ratio=0.5).prune(subject(cell, (12,)), ALONE).module, sample((12,))
    again = restore(subject(cell, (12,)).module, describe(pruned))
    again.load_state_dict(pruned.state_dict())
    assert torch.equal(again(inputs), pruned(inputs))


def test_a_model_without_recurrent_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no unit to remove: the model has no recurrent layer"):
        Units().prune(subjects.subject("cnn"), ALONE)


def test_too_little_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"removes no unit of this model; raise the ratio or lower round_to"):
        Units(ratio=0.1, round_to=8).prune(subject(LSTM, (1, 8, 8)), ALONE)
