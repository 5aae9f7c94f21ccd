"""A phase does what it plans, where nothing is left to the validation loss."""

from typing import Any

import pytest

import tests.worker.components.registry  # noqa: F401  (finds the components)
from worker.contracts.recipe import Recipe
from worker.engine.summaries.plan import plan

RECIPE: dict[str, Any] = {
    "epochs": 3,
    "batch": {"kind": "fixed", "size": 10},
    "optimizer": {"kind": "sgd", "lr": 0.5},
    "schedule": {"kind": "linear", "warmup_steps": 5},
}


def test_each_step_has_the_rate_that_its_schedule_gives() -> None:
    recipe = Recipe.model_validate(RECIPE)
    planned = plan(recipe, 100, 0)
    assert planned["steps"] == list(range(1, 31))
    assert planned["rates"] == pytest.approx([0.5 * recipe.schedule.rate(step, 30) for step in range(30)])
    assert planned["rates"][4] == 0.5 and planned["rates"][-1] == pytest.approx(0.5 / 25)


def test_a_long_plan_is_thinned_and_keeps_its_ends() -> None:
    planned = plan(Recipe.model_validate(RECIPE | {"epochs": 1000}), 100, 0)
    assert len(planned["steps"]) == 200 and (planned["steps"][0], planned["steps"][-1]) == (1, 10_000)
