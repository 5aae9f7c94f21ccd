"""Schedules: the course of the learning rate over a stage."""

from abc import abstractmethod
from collections.abc import Sequence

from worker.contracts.component import Component, hyperparameter


class Schedule(Component, family="schedules", default="constant"):
    """Course of the learning rate over a stage."""

    warmup_steps: int = hyperparameter(
        0, ge=0, le=1_000_000, unit="steps", description="Linear rise of the rate from 0 before the schedule begins."
    )

    @abstractmethod
    def factor(self, step: int, total: int) -> float:
        """Factor of the base rate at `step` (0 … `total`) after the warm-up; a pure function."""

    def damping(self, history: Sequence[float]) -> float:
        """A further factor, from the validation losses of the stage's epochs so far; a pure function."""
        return 1.0

    def rate(self, step: int, total: int) -> float:
        """The multiplier with the warm-up in front: (step+1)/warmup, then `factor` over the steps that are left."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        return self.factor(step - self.warmup_steps, max(total - self.warmup_steps, 1))
