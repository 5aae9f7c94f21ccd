"""NSGA-II."""

from typing import TYPE_CHECKING

from worker.contracts.component import hyperparameter
from worker.contracts.families.samplers import Sampler, Violations, mix_seed, options

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class Nsga2(Sampler):
    """A population that breeds: parents from the best fronts, of equals the less crowded; for two or three objectives."""

    formula = "rank by front, then by crowding distance d(i) = Σ_m (f_m(i+1) − f_m(i−1)) / (f_m max − f_m min)"
    reference = "Deb et al.: A fast and elitist multiobjective genetic algorithm, NSGA-II (2002)"

    population: int = hyperparameter(24, ge=2, le=1000, unit="trials", description="Trials of a generation.")

    def build(self, seed: int, trial: int, violations: Violations | None) -> "BaseSampler":
        from optuna.samplers import NSGAIISampler

        return NSGAIISampler(population_size=self.population, seed=mix_seed(seed, trial), **options(violations))
