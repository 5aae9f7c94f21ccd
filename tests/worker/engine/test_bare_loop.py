"""A training that is watched step by step is, bit for bit, the loop that one writes by hand."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.worker.engine.training import Watched, clouds, perceptron
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.input.shuffle import order
from worker.engine.reporter import Reporter

BATCH, EPOCHS = 32, 3


def bare(module: nn.Module, data: Data) -> tuple[list[float], list[float]]:
    """Train with Adam; the loss and the accuracy of each step."""
    optimizer = torch.optim.Adam(module.parameters(), fused=True)
    losses, shares = [], []
    for epoch in range(EPOCHS):
        for index in order(data.train, seed.generator(0, "shuffle", 0, 0, epoch)).split(BATCH):
            inputs, targets = data.train.inputs[index], data.train.targets[index]
            outputs = module(inputs)
            loss = functional.cross_entropy(outputs, targets)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            shares.append(float(np.float32(int((outputs.argmax(1) == targets).sum()) / len(targets))))
    return losses, shares


def watched(module: nn.Module, data: Data) -> tuple[list[float], list[float]]:
    """Train the same by the engine, looked at inside in every fifth step; the points that it sent."""
    training = Watched(module, data, epochs=EPOCHS)
    return list(training.metric("train/loss").values()), list(training.metric("train/accuracy").values())


def same(left: nn.Module, right: nn.Module) -> bool:
    pairs = zip(left.state_dict().values(), right.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def test_same_weights_and_same_points() -> None:
    data, ours = clouds(), perceptron(16)
    theirs = copy.deepcopy(ours)
    assert watched(ours, data) == bare(theirs, data)
    assert same(ours, theirs)


def test_a_loop_that_is_off_by_one_bit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    record = Reporter.record

    def nudged(self: Reporter, loss: Tensor, outputs: Tensor, targets: Tensor, rate: float) -> None:
        record(self, torch.nextafter(loss.detach(), torch.tensor(9.0)), outputs, targets, rate)

    monkeypatch.setattr(Reporter, "record", nudged)
    data, ours = clouds(), perceptron(16)
    assert watched(copy.deepcopy(ours), data) != bare(ours, data)
