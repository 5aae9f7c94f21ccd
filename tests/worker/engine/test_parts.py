"""A batch in parts is the same step as the whole batch."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from worker.contracts.component import discover
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject
from worker.data.tensors import Data, Split
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.reporter import Clock, Reporter
from worker.engine.training import gradients, probe
from worker.engine.training.trainer import Trainer
from worker.pipe.link import Unattended

discover()
SAMPLES, INPUTS, CLASSES = 190, 6, 4


def data() -> Data:
    random = torch.Generator().manual_seed(1)
    split = Split(
        torch.randn(SAMPLES, INPUTS, generator=random, dtype=torch.float64),
        torch.randint(0, CLASSES, (SAMPLES,), generator=random),
    )
    return Data(split, split, split, CLASSES)


def model(*norm: nn.Module) -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(INPUTS, 20), *norm, nn.Tanh(), nn.Linear(20, CLASSES)).double()


def trained(module: nn.Module, **recipe: Any) -> Tensor:
    """All weights after three epochs by gradient descent with momentum."""
    default = {"epochs": 3, "batch": {"kind": "fixed", "size": 50}, "optimizer": {"kind": "sgd", "lr": 0.1}}
    reporter = Reporter(Unattended(), Clock(), 0)  # type: ignore[arg-type]
    subject = Subject(copy.deepcopy(module), (INPUTS,))
    chosen = Recipe.model_validate({**default, **recipe})
    Trainer(subject, data(), chosen, 0, Position(), reporter, lambda *_: reporter.flush()).run()
    return torch.cat([parameter.detach().flatten() for parameter in subject.module.parameters()])


REGULARIZED = {
    "regularizers": ["l1", "l2", "label_smoothing", {"kind": "gradient_clipping", "limit": 0.1}],
    "loss": "focal",
}


@pytest.mark.parametrize("recipe", [{}, REGULARIZED], ids=["plain", "regularized"])
@pytest.mark.parametrize("parts", [2, 3, 7, 64])
def test_micro_batches_are_one_batch(parts: int, recipe: dict[str, Any]) -> None:
    """50 samples fall into uneven parts of 7, and the last batch of an epoch has 40."""
    whole = trained(model(), **recipe)
    assert (trained(model(), micro_batches=parts, **recipe) - whole).abs().max() < 1e-12
    assert (whole - trained(model(), **recipe, batch={"kind": "fixed", "size": 25})).abs().max() > 1e-3


def test_batch_normalization_sees_the_parts() -> None:
    """Negative control: its statistics are those of a part, so that there parts are another step."""
    norm = nn.BatchNorm1d(20)
    assert (trained(model(norm), micro_batches=5) - trained(model(norm))).abs().max() > 1e-3


def test_no_part_is_too_small_for_batch_normalization() -> None:
    batch = {"kind": "fixed", "size": 47}  # 190 = 4 · 47 + 2, and torch.chunk would leave a part of one
    assert trained(model(nn.BatchNorm1d(20)), micro_batches=64, batch=batch).isfinite().all()


def test_the_full_batch_passes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def watched(module: nn.Module) -> nn.Module:
        module.register_forward_hook(lambda layer, given, _: sizes.append(len(given[0])) if layer.training else None)
        return module

    whole = trained(watched(model()), batch="full")
    assert sizes == [SAMPLES] * 3
    sizes.clear()
    monkeypatch.setattr(gradients, "MOST_AT_ONCE", 70)
    assert (trained(watched(model()), batch="full") - whole).abs().max() < 1e-12
    assert sizes == [64, 63, 63] * 3


# ---- the probe


def probing(module: nn.Module, **recipe: Any) -> Callable[[int], float]:
    return probe.step_seconds(module, data(), Recipe.model_validate(recipe))


def test_the_probe_takes_real_steps_and_leaves_no_trace() -> None:
    module = nn.Sequential(model(nn.BatchNorm1d(20)), nn.Dropout(0.5))
    state, randomness = copy.deepcopy(module.state_dict()), torch.get_rng_state()
    assert 0 < probing(module)(32) < 1
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), randomness)


def test_the_probe_measures_parts_as_training_takes_them() -> None:
    class Narrow(nn.Linear):
        """A device whose memory holds 20 samples."""

        def forward(self, inputs: Tensor) -> Tensor:
            if len(inputs) > 20:
                raise torch.OutOfMemoryError
            return super().forward(inputs)

    module = Narrow(INPUTS, CLASSES).double()
    assert probing(module)(20) > 0
    assert probing(module, micro_batches=4)(80) > 0
    with pytest.raises(MemoryError):
        probing(module)(32)
