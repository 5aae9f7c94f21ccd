"""Quasi-random search."""

from typing import TYPE_CHECKING

from worker.contracts.families.samplers import Sampler, Violations, mix_seed

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class QuasiRandom(Sampler):
    """A scrambled Sobol sequence: covers the space more evenly than chance does.

    Best with a number of trials that is a power of two. Choices and conditional fields are drawn at random.
    """

    formula = "xₙ = (XOR of the direction numbers where n has a bit) · 2⁻³⁰"
    reference = "Bergstra, Bengio (2012), section 4; Owen: Scrambling Sobol' and Niederreiter–Xing points (1998)"

    def build(self, seed: int, trial: int, violations: Violations | None) -> "BaseSampler":
        from optuna.samplers import QMCSampler, RandomSampler

        # One sequence for the whole study, so one seed; its place in the sequence is kept in the storage.
        return QMCSampler(
            qmc_type="sobol",
            scramble=True,
            seed=seed,
            independent_sampler=RandomSampler(seed=mix_seed(seed, trial)),
        )
