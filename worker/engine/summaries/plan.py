"""Plans a training phase before its first step.

| summary | body                                                                                              |
|---------|---------------------------------------------------------------------------------------------------|
| `plan`  | {steps: after the step at which it is shown, rates: the learning rate that each is to be taken with} |
"""

from typing import Any

import numpy as np

from worker.contracts.recipe import Recipe
from worker.engine.input.draw import planned_steps

MOST = 200  # points of the curve


def plan(recipe: Recipe, samples: int, run_seed: int) -> dict[str, Any]:
    """The schedule over the steps that are foreseen; what the validation loss will change cannot be."""
    total = planned_steps(recipe, samples, run_seed)
    steps = np.unique(np.linspace(0, max(total - 1, 0), MOST).round().astype(int)).tolist()
    rates = [recipe.optimizer.lr * recipe.schedule.rate(step, total) for step in steps]
    return {"steps": [step + 1 for step in steps], "rates": rates}
