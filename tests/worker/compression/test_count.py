"""Counts equal those made by hand."""

import torch
from torch import nn

from tests.worker.compression import subjects
from worker.contracts.subject import Subject
from worker.engine.measurement import count


def test_parameters_of_lenet5_are_the_published_ones() -> None:
    assert count.parameters(subjects.subject("lenet5").module) == 431_080


def test_masked_and_zero_weights_are_not_counted_as_nonzero() -> None:
    layer = nn.Linear(4, 2)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.weight[0, 0] = 0.0
        layer.bias.fill_(0.5)
    subject = Subject(layer, (4,))
    assert count.nonzero(subject) == 9
    subject.masks["weight"] = torch.tensor([[True, True, True, True], [False, False, True, True]])
    assert count.nonzero(subject) == 7
    assert count.parameters(layer) == 10


def test_flops_of_a_convolution_and_a_linear_layer_by_hand() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 4 * 4, 10))
    expected = 2 * (8 * 4 * 4 * 3 * 3 * 3) + 2 * (8 * 4 * 4 * 10)
    assert count.flops(Subject(module, (3, 6, 6))) == expected


def test_flops_that_nothing_counts_are_unknown_not_zero() -> None:
    assert count.flops(Subject(nn.BatchNorm1d(3), (3,))) is None


def test_counting_leaves_the_model_as_it_was() -> None:
    subject = subjects.subject("cnn")
    subject.module[1].eval()
    before = count.weights_sha256(subject.module)
    count.flops(subject)
    assert subject.module[0].training and not subject.module[1].training
    assert count.weights_sha256(subject.module) == before


def test_the_hash_is_that_of_the_weights() -> None:
    one, same = subjects.subject("cnn").module, subjects.subject("cnn").module
    assert count.weights_sha256(one) == count.weights_sha256(same)
    with torch.no_grad():
        same[0].weight[0, 0, 0, 0] += 1e-7
    assert count.weights_sha256(one) != count.weights_sha256(same)


def test_the_hash_tells_types_and_shapes_apart() -> None:
    zeros = [nn.Linear(4, 1, bias=False), nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False).double()]
    for module in zeros:
        nn.init.zeros_(module.weight)
    assert len({count.weights_sha256(module) for module in zeros}) == 3


def test_a_pattern_of_two_in_four_is_recognized_and_its_shape_told() -> None:
    def layer(inputs: int, outputs: int, keep: int) -> nn.Linear:
        linear = nn.Linear(inputs, outputs)
        with torch.no_grad():
            linear.weight.fill_(1.0).view(-1, 4)[:, keep:] = 0.0
        return linear

    module = nn.Sequential(layer(64, 32, 2), layer(32, 8, 2), layer(8, 8, 3), layer(8, 8, 1), nn.Linear(8, 7))
    assert count.two_of_four(Subject(module, (64,))) == (2, 1)
    shuffled = layer(64, 32, 2)
    with torch.no_grad():  # as many zeros, not in the pattern
        shuffled.weight[:, :4], shuffled.weight[:, 4:8] = 1.0, 0.0
    assert count.two_of_four(Subject(nn.Sequential(shuffled), (64,))) == (0, 0)
