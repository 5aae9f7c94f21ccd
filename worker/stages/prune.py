"""Prune the model."""

from collections.abc import Sequence

from worker.component import choice, knob
from worker.distillation import recovering
from worker.phases import Phase, Transform
from worker.pruners import Pruner
from worker.recipe import Recovery
from worker.stages import Stage


class Prune(Stage):
    """Takes weights or channels away, then trains what is left to win back what that cost.

    Without `recover` the model is left as the method leaves it.
    """

    formula = "θ ← m ⊙ θ, m ∈ {0, 1}; then train θ with m held"
    reference = "Han, Pool, Tran, Dally: Learning both Weights and Connections (2015), arXiv:1506.02626"

    method: Pruner = choice(Pruner, description="Which weights or channels go.")
    recover: Recovery | None = knob(None, description="Training afterwards; null leaves it out.")

    def phases(self) -> Sequence[Phase]:
        return recovering(Transform(self.method.prune), self.recover)

    def label(self) -> str:
        return f"prune: {self.method.label()}"
