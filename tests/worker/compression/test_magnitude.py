"""Magnitude pruning against masks worked out by hand."""

import pytest
import torch
from torch import nn

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE
from tests.worker.compression.conftest import train
from tests.worker.compression.handmade import mask, two_layers
from worker.components.pruners.magnitude import Magnitude
from worker.contracts.masks import keep_largest, prunable_weights
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.measurement import count


def zeros(subject: Subject) -> int:
    return sum(int((weight == 0).sum()) for weight in prunable_weights(subject.module).values())


def test_locally_each_layer_loses_its_share() -> None:
    pruned = Magnitude(sparsity=0.5, scope="local").prune(two_layers(), ALONE)
    assert torch.equal(pruned.masks["0.weight"], mask([[0, 0, 0], [1, 1, 1]]))
    assert torch.equal(pruned.masks["2.weight"], mask([[1, 1], [0, 0]]))
    assert torch.equal(pruned.module[0].weight, torch.tensor([[0.0, 0, 0], [-4, 5, -6]]))


def test_globally_the_smallest_weights_of_all_layers_go() -> None:
    pruned = Magnitude(sparsity=0.3, floor=0).prune(two_layers(), ALONE)
    assert torch.equal(pruned.masks["0.weight"], mask([[1, 1, 1], [1, 1, 1]]))
    assert torch.equal(pruned.masks["2.weight"], mask([[1, 0], [0, 0]]))


def test_globally_no_layer_falls_below_the_floor_and_the_count_stays_exact() -> None:
    pruned = Magnitude(sparsity=0.5, floor=0.5).prune(two_layers(), ALONE)
    assert torch.equal(pruned.masks["0.weight"], mask([[0, 0, 1], [1, 1, 1]]))
    assert torch.equal(pruned.masks["2.weight"], mask([[1, 0], [0, 0]]))


def test_a_full_floor_is_local_scope() -> None:
    for sparsity in (0.1, 0.5, 0.7):
        every, local = (
            Magnitude(sparsity=sparsity, scope=scope, floor=1).prune(subjects.subject("lenet5"), ALONE).masks
            for scope in ("global", "local")
        )
        assert {name: int(kept.sum()) for name, kept in every.items()} == pytest.approx(
            {name: int(kept.sum()) for name, kept in local.items()}, abs=3
        )


def test_biases_and_normalization_are_left_alone() -> None:
    subject = subjects.subject("cnn")
    kept = {name: value.clone() for name, value in subject.module.named_parameters() if value.dim() == 1}
    pruned = Magnitude(sparsity=0.9, scope="local").prune(subject, ALONE)
    assert all(torch.equal(pruned.module.get_parameter(name), value) for name, value in kept.items())
    assert set(pruned.masks) == {"conv1.weight", "conv2.weight", "conv3.weight", "output.weight"}


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.333, 0.5, 0.875])
def test_of_equal_weights_exactly_the_requested_number_goes_the_first_ones(sparsity: float) -> None:
    kept = keep_largest(torch.ones(4, 6), sparsity)
    gone = round(24 * sparsity)
    assert torch.equal(kept.flatten(), torch.arange(24) >= gone)


def test_a_later_stage_counts_what_an_earlier_one_took() -> None:
    once = Magnitude(sparsity=0.5, scope="local").prune(subjects.subject("lenet5"), ALONE)
    twice = Magnitude(sparsity=0.8, scope="local").prune(once, ALONE)
    for name, first in once.masks.items():
        assert not (twice.masks[name] & ~first).any()
        assert int((~twice.masks[name]).sum()) == round(0.8 * first.numel())


def test_a_gentler_later_stage_takes_nothing_back() -> None:
    once = Magnitude(sparsity=0.8, scope="local").prune(two_layers(), ALONE)
    before = zeros(once)
    assert zeros(Magnitude(sparsity=0.1, scope="local").prune(once, ALONE)) == before


def test_a_masked_weight_goes_before_a_true_zero() -> None:
    subject = two_layers()
    with torch.no_grad():
        subject.module[0].weight[1, 2] = 0.0
    subject.masks = {"0.weight": mask([[1, 1, 1], [1, 0, 1]])}
    pruned = Magnitude(sparsity=1 / 6, scope="local").prune(subject, ALONE)
    assert torch.equal(pruned.masks["0.weight"], mask([[1, 1, 1], [1, 0, 1]]))


def test_a_layer_that_would_lose_everything_is_named() -> None:
    with pytest.raises(ValueError, match=r"leaves no weight of `2\.weight`; raise the floor or take `scope: local`"):
        Magnitude(sparsity=0.5, floor=0).prune(two_layers(), ALONE)
    with pytest.raises(ValueError, match="lower the sparsity"):
        Magnitude(sparsity=0.95, scope="local").prune(two_layers(), ALONE)
    with pytest.raises(ValueError, match="no linear or convolution layer"):
        Magnitude().prune(Subject(nn.BatchNorm1d(3), (3,)), ALONE)


def test_masks_hold_through_training_and_the_rest_learns(trained: Subject, digits: Data) -> None:
    pruned = Magnitude(sparsity=0.8).prune(trained, ALONE)
    before = {name: weight.detach().clone() for name, weight in prunable_weights(pruned.module).items()}
    train(pruned, digits, epochs=1)
    for name, weight in prunable_weights(pruned.module).items():
        assert not weight[~pruned.masks[name]].any()
        assert not torch.equal(weight, before[name])
    total = sum(weight.numel() for weight in before.values())
    assert count.parameters(pruned.module) - count.nonzero(pruned) == round(0.8 * total)


def test_without_masks_training_fills_the_zeros_again(trained: Subject, digits: Data) -> None:
    pruned = Magnitude(sparsity=0.8).prune(trained, ALONE)
    train(Subject(pruned.module, pruned.input_shape), digits, epochs=1)
    assert any(weight[~pruned.masks[name]].any() for name, weight in prunable_weights(pruned.module).items())


def test_the_floor_spares_a_layer_whose_weights_are_small() -> None:
    """A fresh model's output layer has by far the smallest weights: without a floor all of them go."""
    with pytest.raises(ValueError, match=r"leaves no weight of `output\.weight`"):
        Magnitude(sparsity=0.8, floor=0).prune(subjects.subject("cnn"), ALONE)
    pruned = Magnitude(sparsity=0.8).prune(subjects.subject("cnn"), ALONE)
    kept = pruned.masks["output.weight"]
    assert (int(kept.sum()), kept.numel()) == (48, 320)
    assert zeros(pruned) == round(0.8 * sum(mask.numel() for mask in pruned.masks.values()))
