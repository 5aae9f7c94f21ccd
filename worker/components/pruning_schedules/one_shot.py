"""One shot."""

from typing import ClassVar

from worker.contracts.families.pruning_schedules import PruningSchedule


class OneShot(PruningSchedule):
    """Removes everything at once, then trains the rest: quick, and good enough up to moderate sparsity."""

    formula = "s₁ = s"
    reference = "LeCun, Denker, Solla: Optimal Brain Damage (1990)"
    at_once: ClassVar[bool] = True
