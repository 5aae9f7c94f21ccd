"""Channel pruning really shrinks tensors, follows dependencies and keeps the function's outline."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE
from worker.components.exporters.onnx import Onnx
from worker.components.pruners.channels import Channels
from worker.components.pruners.magnitude import Magnitude
from worker.contracts.subject import Subject
from worker.engine.measurement import count


def widths(subject: Subject) -> list[int]:
    """Output channels of each convolution and linear layer."""
    return [len(layer.weight) for layer in subject.module.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("name", subjects.MODELS)
def test_every_model_shrinks_keeps_its_output_and_is_exported(name: str, scope: str, tmp_path: Path) -> None:
    subject = subjects.subject(name)
    parameters, flops = count.parameters(subject.module), count.flops(subject)
    pruned = Channels(ratio=0.5, scope=scope).prune(subject, ALONE)
    after = count.flops(pruned)
    assert count.parameters(pruned.module) < 0.6 * parameters
    assert flops and after and after < 0.75 * flops
    expected = subjects.outputs(pruned)
    assert expected.shape == (16, 10)

    Onnx().export(pruned, tmp_path / "pruned.onnx", np.zeros((0, *pruned.input_shape), np.float32))
    session = onnxruntime.InferenceSession(tmp_path / "pruned.onnx")
    inputs = torch.randn(16, *pruned.input_shape, generator=torch.Generator().manual_seed(2)).numpy()
    np.testing.assert_allclose(session.run(None, {"input": inputs})[0], expected.numpy(), rtol=1e-4, atol=1e-5)


def test_half_the_channels_leave_a_quarter_of_the_weights_exactly() -> None:
    pruned = Channels(ratio=0.5).prune(subjects.subject("cnn"), ALONE)
    assert widths(pruned) == [4, 8, 16, 10]
    assert count.parameters(pruned.module) == 4 * 9 + 4 * 8 * 9 + 8 * 16 * 9 + 2 * (4 + 8 + 16) + 16 * 10 + 10


def test_lenet5_loses_the_columns_of_the_layer_behind_the_flattening() -> None:
    pruned = Channels(ratio=0.5).prune(subjects.subject("lenet5"), ALONE)
    assert widths(pruned) == [10, 25, 250, 10]
    assert pruned.module.get_submodule("linear1").in_features == 25 * 4 * 4


@pytest.mark.parametrize("importance", ["l1", "l2"])
def test_the_weakest_channels_go_and_the_others_keep_their_weights(importance: str) -> None:
    subject = Subject(nn.Sequential(nn.Conv2d(1, 4, 1), nn.Flatten(), nn.Linear(4 * 2 * 2, 3)), (1, 2, 2))
    with torch.no_grad():
        subject.module[0].weight.copy_(torch.tensor([5.0, 0.1, 4.0, -0.2]).view(4, 1, 1, 1))
        subject.module[2].weight.fill_(0.5)
        columns = subject.module[2].weight
        columns += torch.arange(16.0) / 1000
    kept = columns.detach()[:, [0, 1, 2, 3, 8, 9, 10, 11]].clone()
    pruned = Channels(ratio=0.5, importance=importance).prune(subject, ALONE)
    assert pruned.module[0].weight.flatten().tolist() == [5.0, 4.0]
    assert torch.equal(pruned.module[2].weight, kept)


def test_at_least_one_channel_stays_in_each_layer() -> None:
    for scope in ("local", "global"):
        assert min(widths(Channels(ratio=0.99, scope=scope).prune(subjects.subject("lenet5"), ALONE))) == 1


def test_widths_are_rounded_to_a_multiple() -> None:
    assert widths(Channels(ratio=0.5, round_to=8).prune(subjects.subject("lenet5"), ALONE)) == [8, 24, 248, 10]
    assert widths(Channels(ratio=0.4, round_to=4).prune(subjects.subject("cnn"), ALONE)) == [4, 8, 20, 10]


def test_rounding_that_leaves_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="removes no channel of this model; raise the ratio or lower round_to"):
        Channels(ratio=0.1, round_to=64).prune(subjects.subject("cnn"), ALONE)


def test_a_model_without_hidden_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="no hidden convolution or linear layer"):
        Channels().prune(Subject(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (4,)), ALONE)
    with pytest.raises(ValueError, match="no convolution or linear layer"):
        Channels().prune(Subject(nn.Sequential(nn.BatchNorm1d(4)), (4,)), ALONE)


@pytest.mark.parametrize("name", subjects.MODELS)
def test_masks_follow_the_cut_exactly(name: str) -> None:
    masked = Magnitude(sparsity=0.6, scope="local").prune(subjects.subject(name), ALONE)
    kept = {name: masked.module.get_parameter(name)[mask].detach() for name, mask in masked.masks.items()}
    pruned = Channels(ratio=0.5).prune(masked, ALONE)
    assert set(pruned.masks) == set(kept)
    for parameter, mask in pruned.masks.items():
        weight = pruned.module.get_parameter(parameter)
        assert mask.shape == weight.shape
        assert not weight[~mask].any() and not weight.isnan().any()
        assert torch.equal(mask, torch.isin(weight, kept[parameter]))
    pruned.apply_masks()


def test_a_weight_that_is_zero_by_itself_is_not_taken_for_a_masked_one() -> None:
    subject = subjects.subject("cnn")
    with torch.no_grad():
        subject.module.get_parameter("conv2.weight")[:, :, 0, 0] = 0.0
    subject.masks = {"conv2.weight": torch.ones_like(subject.module.get_parameter("conv2.weight"), dtype=torch.bool)}
    subject.masks["conv2.weight"][:, :, 1, 1] = False
    pruned = Channels(ratio=0.5).prune(subject, ALONE)
    assert pruned.masks["conv2.weight"][:, :, 0, 0].all()
    assert not pruned.masks["conv2.weight"][:, :, 1, 1].any()


def test_normalization_statistics_and_modes_are_left_alone() -> None:
    subject = subjects.subject("cnn")
    subject.module.train()
    subject.module.get_submodule("norm2").eval()
    means = subject.module.get_buffer("norm1.running_mean").clone()
    pruned = Channels(ratio=0.25).prune(subject, ALONE)
    assert torch.isin(pruned.module.get_buffer("norm1.running_mean"), means).all()
    assert pruned.module.get_buffer("norm1.num_batches_tracked") == 0
    assert pruned.module.training and not pruned.module.get_submodule("norm2").training


def test_channels_that_are_added_go_together() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.branch = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
            self.head = nn.Linear(8, 5)

        def forward(self, inputs: Tensor) -> Tensor:
            stem = self.stem(inputs).relu()
            return self.head((stem + self.branch(stem)).mean((2, 3)))

    pruned = Channels(ratio=0.5).prune(Subject(Residual(), (3, 6, 6)), ALONE)
    assert widths(pruned) == [4, 4, 5]
    assert pruned.module(pruned.sample()).shape == (2, 5)


def test_each_group_of_a_group_normalization_loses_as_much() -> None:
    module = nn.Sequential(nn.Conv2d(1, 12, 3), nn.GroupNorm(3, 12), nn.Flatten(), nn.Linear(12 * 16, 4))
    pruned = Channels(ratio=0.4).prune(Subject(module, (1, 6, 6)), ALONE)
    assert widths(pruned)[0] % 3 == 0 and widths(pruned)[0] < 12
    assert pruned.module(pruned.sample()).shape == (2, 4)


def test_two_channels_of_each_normalized_group_stay() -> None:
    """A single number has no spread: one left of a group would always be normalized to zero."""
    module = nn.Sequential(nn.Linear(5, 16), nn.GroupNorm(4, 16), nn.ReLU(), nn.Linear(16, 3))
    pruned = Channels(ratio=0.95).prune(Subject(module, (5,)), ALONE)
    assert widths(pruned) == [8, 3]
    assert pruned.module(pruned.sample(1)).shape == (1, 3)
