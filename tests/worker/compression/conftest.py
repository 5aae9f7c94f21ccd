"""A convolutional network that was really trained on the digits: what compression is tried on."""

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.worker.compression.measured import measured
from tests.worker.one_thread import one_thread as one_thread
from worker.components.models.cnn import CNN
from worker.contracts.component import discover
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.input.load import Wanted, load
from worker.pipe.messages import StageDone

discover()


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return load(Wanted.default({"kind": "digits"}), tmp_path_factory.mktemp("digits"), 0, "cpu")


@pytest.fixture(scope="session")
def trained_module(digits: Data) -> nn.Module:
    torch.manual_seed(0)
    module = CNN(width=16).build(digits.input_shape, digits.outputs)
    train(Subject(module, digits.input_shape), digits, epochs=8)
    return module.eval()


@pytest.fixture
def trained(trained_module: nn.Module, digits: Data) -> Subject:
    """A copy for each test, in training mode, as the engine leaves it."""
    return Subject(copy.deepcopy(trained_module).train(), digits.input_shape)


def train(subject: Subject, data: Data, epochs: int) -> None:
    """The engine's loop in its smallest form: masks are applied after each step."""
    module = subject.module.train()
    optimizer = torch.optim.Adam(module.parameters(), 2e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(data.train)).split(64):
            loss = nn.functional.cross_entropy(module(data.train.inputs[batch]), data.train.targets[batch])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            subject.apply_masks()


@torch.no_grad()
def accuracy(module: nn.Module, data: Data) -> float:
    predicted = module.eval()(data.test.inputs).argmax(1)
    return float((predicted == data.test.targets).double().mean())


@pytest.fixture(scope="session")
def float_stage(
    trained_module: nn.Module, digits: Data, tmp_path_factory: pytest.TempPathFactory, processes: None
) -> tuple[StageDone, Path]:
    folder = tmp_path_factory.mktemp("float")
    return measured(Subject(trained_module, digits.input_shape), digits, folder), folder
