"""Folding batch normalization changes nothing but rounding."""

import pytest
import torch
from torch import Tensor, nn

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE
from tests.worker.compression.conftest import accuracy, train
from worker.components.fusions.batch_norm import BatchNorm
from worker.components.pruners.magnitude import Magnitude
from worker.contracts.subject import Subject
from worker.data.tensors import Data


def norms(module: nn.Module) -> int:
    return sum(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in module.modules())


@pytest.mark.parametrize("name", subjects.NORMALIZED)
def test_outputs_are_equal_within_rounding(name: str) -> None:
    subject = subjects.subject(name)
    expected = subjects.outputs(subject)
    folded = BatchNorm().fold(subject, ALONE)
    assert norms(folded.module) == 0
    assert torch.allclose(subjects.outputs(folded), expected, rtol=1e-5, atol=1e-5)


def test_a_trained_model_answers_as_before(trained: Subject, digits: Data) -> None:
    before = accuracy(trained.module, digits)
    with torch.no_grad():
        expected = trained.module(digits.test.inputs)
    folded = BatchNorm().fold(trained, ALONE)
    assert accuracy(folded.module, digits) == before
    with torch.no_grad():
        assert (folded.module(digits.test.inputs) - expected).abs().max() < 1e-5 * expected.abs().max()


def test_the_statistics_matter() -> None:
    """The control: with statistics left out the outputs differ visibly."""
    subject = subjects.subject("cnn")
    expected = subjects.outputs(subject)
    norm = subject.module.get_submodule("norm2")
    assert isinstance(norm, nn.BatchNorm2d)
    norm.reset_running_stats()
    assert not torch.allclose(subjects.outputs(BatchNorm().fold(subject, ALONE)), expected, rtol=1e-2, atol=1e-2)


def test_masks_stay_valid_and_hold_in_training(digits: Data, trained: Subject) -> None:
    folded = BatchNorm().fold(Magnitude(sparsity=0.7).prune(trained, ALONE), ALONE)
    for name, mask in folded.masks.items():
        assert not folded.module.get_parameter(name)[~mask].any()
    train(folded, digits, epochs=1)
    assert accuracy(folded.module, digits) > 0.9


def test_modes_are_kept(trained: Subject) -> None:
    folded = BatchNorm().fold(trained, ALONE)
    assert all(layer.training for layer in folded.module.modules())


class Shared(nn.Module):
    """One layer feeds two places, one normalization is used twice: neither may be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = (nn.Linear(4, 4) for _ in range(3))
        self.norm_one, self.norm_twice = nn.BatchNorm1d(4), nn.BatchNorm1d(4)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.one(inputs)
        return hidden + self.norm_one(hidden) + self.norm_twice(self.two(inputs)) + self.norm_twice(self.three(inputs))


@pytest.mark.parametrize(
    "module",
    [Shared(), nn.Linear(4, 4), nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 4))],
    ids=["shared", "none", "normalization first"],
)
def test_where_nothing_can_be_folded_a_sentence_says_so(module: nn.Module) -> None:
    with pytest.raises(ValueError, match="no batch normalization to fold"):
        BatchNorm().fold(Subject(module, (4,)), ALONE)


def test_a_model_that_cannot_be_followed_is_refused() -> None:
    class Branching(nn.Module):
        def forward(self, inputs: Tensor) -> Tensor:
            return inputs if inputs.sum() > 0 else -inputs

    with pytest.raises(ValueError, match="cannot be followed, so nothing was folded"):
        BatchNorm().fold(Subject(Branching(), (4,)), ALONE)
