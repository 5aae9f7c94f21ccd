"""Random search."""

from typing import TYPE_CHECKING

from worker.contracts.families.samplers import Sampler, Violations, mix_seed

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class Random(Sampler):
    """Each trial by itself: every value equally likely, with `log` every ratio.

    Hard to beat where only a few of the fields matter, and the baseline for all other samplers.
    """

    formula = "x ~ U(space)"
    reference = "Bergstra, Bengio: Random search for hyper-parameter optimization (2012)"

    def build(self, seed: int, trial: int, violations: Violations | None) -> "BaseSampler":
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=mix_seed(seed, trial))
