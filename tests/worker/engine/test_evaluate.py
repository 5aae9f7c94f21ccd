"""Quality on a split, against a calculation by hand."""

import pytest
import torch
from torch import nn

from backend.domain.catalog import Catalog
from worker.contracts.families.losses import Loss
from worker.data.tensors import Data, Split
from worker.engine import evaluate as evaluating
from worker.engine.evaluate import evaluate


@pytest.mark.parametrize("batch", [1, 3, 7, 1000])
def test_mean_over_samples_whatever_the_batches(batch: int, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluating, "BATCH", batch)
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
    split = Split(torch.randn(7, 4), torch.tensor([0, 1, 2, 0, 1, 2, 0]))
    outputs = module.eval()(split.inputs).detach()
    logs = torch.log_softmax(outputs.double(), 1)[torch.arange(7), split.targets]
    module.train()
    found = evaluate(module, split, Loss.choose("cross_entropy"), Data(split, split, split, 3))
    assert found["loss"] == pytest.approx(-float(logs.mean()), abs=1e-6)
    assert found["accuracy"] == float((outputs.argmax(1) == split.targets).double().mean())
    assert module.training


def test_attends_between_batches(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluating, "BATCH", 2)
    calls: list[None] = []
    split = Split(torch.randn(5, 4), torch.zeros(5, dtype=torch.int64))
    data = Data(split, split, split, 3)
    evaluate(nn.Linear(4, 3), split, Loss.choose("cross_entropy"), data, lambda: calls.append(None))
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("shape", "samples"), [((4,), 1000), ((3, 32, 32), 1000), ((3, 224, 224), 27), ((3, 4096, 4096), 1)]
)
def test_batches_of_large_samples_are_small(shape: tuple[int, ...], samples: int) -> None:
    split = Split(torch.empty(5, *shape, device="meta"), torch.zeros(5, dtype=torch.int64))
    assert evaluating.batch_size(split) == samples
    assert evaluating.batch_size(split, 20) == min(samples, 20)
