"""Grid search."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.domain.study.space import Assignment, Space, grid
from backend.domain.study.study import MAX_TRIALS
from worker.contracts.families.samplers import Sampler, Violations, mix_seed

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class Grid(Sampler):
    """Every combination of values once, in a shuffled order; ranges need `step` or `points`.

    A field that a condition switches off adds no combinations.
    """

    formula = "x ∈ X₁ × X₂ × …"
    reference = "Optuna manual: GridSampler"
    facts = {"grid": True}

    def build(self, seed: int, trial: int, violations: Violations | None) -> "BaseSampler":
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=mix_seed(seed, trial))  # asked for nothing: each trial is planned

    def plan(self, space: Space, seed: int) -> Sequence[Assignment]:
        points = list(grid(space))
        assert len(points) <= MAX_TRIALS
        random.Random(seed).shuffle(points)
        return points
