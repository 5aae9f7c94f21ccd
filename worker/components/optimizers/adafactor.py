"""Adafactor."""

from collections.abc import Iterable

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class Adafactor(Optimizer):
    """Adaptive steps with almost no memory: a matrix's second moments are kept as row and column means alone.

    An n × m weight costs n + m numbers of state instead of 2nm. Steps are relative to the size of each weight tensor
    (at least `smallest`), shrink at least as 1/√t, and an update whose root mean square exceeds d is scaled back to d.
    """

    formula = "V̂ = R·C / mean(R); u = g/√V̂; θ ← θ − max(ε₂, rms(θ)) · min(α, 1/√t) · u / max(1, rms(u)/d)"
    reference = "Shazeer, Stern: Adafactor (2018), arXiv:1804.04235"

    lr: float = hyperparameter(0.01, gt=0, le=10, marks=Mark.LIVE, description="Largest relative step α.")
    beta2_decay: float = hyperparameter(
        -0.8,
        ge=-1,
        le=-0.01,
        marks=Mark.LIVE,
        description="Power of t: the share 1−β₂ of the newest gradient is t to it.",
    )
    smallest: float = hyperparameter(
        1e-3, gt=0, le=1, description="ε₂, the size that a weight tensor counts as at least."
    )
    d: float = hyperparameter(
        1.0, ge=1, le=100, marks=Mark.LIVE, description="Root mean square d that an update is scaled back to."
    )
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights towards zero, decoupled."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.Adafactor(
            parameters,
            lr=self.lr,
            beta2_decay=self.beta2_decay,
            eps=(None, self.smallest),
            d=self.d,
            weight_decay=self.weight_decay,
            foreach=True,
        )
