"""Tree-structured Parzen estimator."""

from typing import TYPE_CHECKING

from worker.contracts.component import hyperparameter
from worker.contracts.families.samplers import Sampler, Violations, mix_seed, options

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class Tpe(Sampler):
    """Tries values that are likely among the better trials and unlikely among the others; the default choice.

    After `startup` random trials, two densities are estimated from kernels: of the best tenth and of the rest. Takes
    choices, conditions, constraints and several objectives. Trials that are under way count as bad ones, so that those
    that run at once differ.
    """

    formula = "x⁺ = argmax l(x) / g(x), l = p(x | y among the best γ), g = p(x | y among the rest)"
    reference = (
        "Bergstra et al.: Algorithms for hyper-parameter optimization (2011); Watanabe: TPE (2023), arXiv:2304.11127"
    )

    startup: int = hyperparameter(10, ge=1, le=1000, unit="trials", description="Random trials before it begins.")
    candidates: int = hyperparameter(24, ge=1, le=1000, description="Points of which the most promising is taken.")
    joint: bool = hyperparameter(True, description="Model the fields jointly instead of one by one.")

    def build(self, seed: int, trial: int, violations: Violations | None) -> "BaseSampler":
        from optuna.samplers import TPESampler

        return TPESampler(
            n_startup_trials=self.startup,
            n_ei_candidates=self.candidates,
            multivariate=self.joint,
            group=self.joint,
            constant_liar=True,
            seed=mix_seed(seed, trial),
            **options(violations),
        )
