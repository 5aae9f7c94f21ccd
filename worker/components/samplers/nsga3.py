"""NSGA-III."""

from typing import TYPE_CHECKING

from worker.contracts.component import hyperparameter
from worker.contracts.families.samplers import Sampler, Violations, mix_seed, options

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class Nsga3(Sampler):
    """As NSGA-II, but of equals the one next to the least taken reference direction; for three and more objectives."""

    formula = "rank by front, then by the niche count of the nearest reference line"
    reference = "Deb, Jain: An evolutionary many-objective optimization algorithm, NSGA-III (2014)"

    population: int = hyperparameter(24, ge=2, le=1000, unit="trials", description="Trials of a generation.")

    def build(self, seed: int, trial: int, violations: Violations | None) -> "BaseSampler":
        from optuna.samplers import NSGAIIISampler

        return NSGAIIISampler(population_size=self.population, seed=mix_seed(seed, trial), **options(violations))
