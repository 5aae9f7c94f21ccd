"""Schedule-free learning."""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.optimizers import Optimizer


class ScheduleFree(Optimizer):
    """Replaces the falling rate by averaging: gradients are taken at y, between the fast weights z and their mean x.

    The mean x is what is evaluated and left behind. A constant rate, at most with a warm-up, is meant to go with it.
    Batch normalization keeps the running statistics of y, which lies close to x.
    """

    formula = "y = (1−β)z + βx; z ← z − α·step(∇J(y)); x ← (1−c)x + c·z, c = α²ₘₐₓ,ₜ / Σα²ₘₐₓ"
    reference = "Defazio et al.: The Road Less Scheduled (2024), arXiv:2405.15682"

    base: Literal["adamw", "sgd"] = hyperparameter(
        "adamw",
        description="Steps of z: `adamw` divides gradients by their root mean square, `sgd` takes them as they are.",
    )
    lr: float = hyperparameter(
        2.5e-3, gt=0, le=100, marks=Mark.LIVE, description="Learning rate α; `sgd` takes about a thousand times it."
    )
    beta: float = hyperparameter(0.9, gt=0, lt=1, description="β, how close to the mean x the gradient is taken.")
    beta2: float = hyperparameter(0.999, ge=0, lt=1, description="Decay β₂ of the second moment; `sgd` has none.")
    weight_decay: float = hyperparameter(
        0.0, ge=0, le=10, marks=Mark.LIVE, description="Pull λ of the weights y towards zero."
    )

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        from pytorch_optimizer import ScheduleFreeAdamW, ScheduleFreeSGD  # takes half a second to import

        if self.base == "sgd":
            return ScheduleFreeSGD(
                parameters, lr=self.lr, momentum=self.beta, weight_decay=self.weight_decay, foreach=True
            )
        betas = (self.beta, self.beta2)
        return ScheduleFreeAdamW(parameters, lr=self.lr, betas=betas, weight_decay=self.weight_decay, foreach=True)
