"""Samplers: they choose the next trial of a study."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from backend.domain.study.space import Assignment, Space
from worker.contracts.component import Component

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

Violations = Callable[["FrozenTrial"], Sequence[float]]
"""Distance by which a trial misses the study's constraint: 0 or less when it meets it."""


class Sampler(Component, family="samplers", default="tpe"):
    """Chooses the next trial of a study.

    Published `facts`: `objectives`, the most that it can weigh (any number when left out), and `grid`, whether it takes
    every point of a grid once.
    """

    @abstractmethod
    def build(self, seed: int, trial: int, violations: Violations | None) -> "BaseSampler":
        """Optuna's sampler, for the `trial`-th trial of a study with this `seed`.

        What it has learnt lies in the study's own storage. So it is rebuilt for each trial, with the trial's own
        randomness: a study goes on after a restart as if nothing had been.
        """

    def plan(self, space: Space, seed: int) -> Sequence[Assignment] | None:
        """All trials of the study in order, when they are known in advance."""
        return None


def mix_seed(seed: int, trial: int) -> int:
    """A seed only for the `trial`-th trial."""
    return (seed * 1_000_003 + trial) % 2**32


def options(violations: Violations | None) -> dict[str, Any]:
    return {} if violations is None else {"constraints_func": violations}
