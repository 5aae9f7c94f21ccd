"""CMA-ES."""

from typing import TYPE_CHECKING

from worker.contracts.component import hyperparameter
from worker.contracts.families.samplers import Sampler, Violations, mix_seed

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class CmaEs(Sampler):
    """A cloud of trials that moves and stretches towards the better ones; for many trials over ranges of numbers.

    Choices and conditional fields are drawn at random. One objective.
    """

    formula = "x ~ m + σ N(0, C); m ← Σ wᵢ xᵢ over the better half; C ← (1 − c₁ − c_μ) C + c₁ p pᵀ + c_μ Σ wᵢ yᵢ yᵢᵀ"
    reference = "Hansen: The CMA evolution strategy, a tutorial (2016), arXiv:1604.00772"
    facts = {"objectives": 1}

    startup: int = hyperparameter(1, ge=1, le=1000, unit="trials", description="Random trials before it begins.")

    def build(self, seed: int, trial: int, violations: Violations | None) -> "BaseSampler":
        from optuna.samplers import CmaEsSampler, RandomSampler

        return CmaEsSampler(
            n_startup_trials=self.startup,
            independent_sampler=RandomSampler(seed=mix_seed(seed, trial)),
            seed=mix_seed(seed, trial),
        )
