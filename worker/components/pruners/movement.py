"""Movement pruning."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from worker.components.pruners._masking import Scored
from worker.compression.gradual_masking import Growing
from worker.compression.importance import sensitivities
from worker.contracts.callback import Callback
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.pruners import Plan
from worker.contracts.masks import Scores, prunable_weights
from worker.contracts.phases import Phase, Training
from worker.contracts.recovery import Recovery
from worker.contracts.subject import Subject


class Movement(Scored):
    """Trains for a while and removes the weights that moved towards zero.

    The direction of a weight counts, not its size: a small weight that grows stays. It is at its best where a
    trained model is tuned for another task, and at high sparsity. Frozen weights do not move: they stay, and do not
    count towards the sparsity.
    """

    formula = "Sᵢ = −Σ_t θᵢ⁽ᵗ⁾ · ∂J/∂θᵢ⁽ᵗ⁾; mᵢ = 0 for the ⌊s·n⌉ smallest"
    reference = "Sanh, Wolf, Rush: Movement Pruning (2020), arXiv:2005.07683"
    needs = ("float",)

    training: Recovery = hyperparameter(
        {}, validate_default=True, description="The training in which the weights are watched, before they are pruned."
    )

    def scores(self, subject: Subject, context: Context) -> Scores:
        """Scores without a watched training: the sum over the first steps from here."""
        summed: Scores = {}
        for found in sensitivities(subject, context, 8):
            summed = {name: summed.get(name, 0.0) - part for name, part in found.items()}
        return summed

    def phases(self) -> Sequence[Phase]:
        return [Training(self.training, Moving(self, None))]

    def growing(self, plan: Plan) -> Callback:
        return Moving(self, plan)


class Moving(Growing[Movement]):
    """Adds up how each weight moves."""

    def start(self, subject: Subject, context: Context) -> None:
        super().start(subject, context)
        self._weights = {
            name: weight for name, weight in prunable_weights(subject.module).items() if weight.requires_grad
        }
        self._scores: Scores = {}

    def state(self) -> dict[str, Any]:
        return {**super().state(), "scores": dict(self._scores)}

    def load(self, state: Mapping[str, Any]) -> None:
        super().load(state)
        self._scores = {name: score.to(self._weights[name].device) for name, score in state["scores"].items()}

    @torch.no_grad()
    def gradients(self) -> None:
        for name, weight in self._weights.items():
            if weight.grad is not None:
                score = self._scores.setdefault(name, torch.zeros_like(weight))
                score.addcmul_(weight, weight.grad, value=-1)

    def mask(self, pruner: Movement) -> Subject:
        return pruner.mask(self.subject, self._scores) if self._scores else self.subject
