"""What is shown of a stage beside its curves: each function gives exhibits by kind, as plain JSON."""

from typing import Any

from worker.data import Data
from worker.engine import pictures
from worker.recipe import Recipe


def of_recipe(data: Data, recipe: Recipe, run_seed: int) -> dict[str, dict[str, Any]]:
    """What a training phase is going to do, shown before its first step."""
    shown = {}
    if recipe.augmentations:
        shown["augmentations"] = pictures.augmentations(data, recipe, run_seed)
    return shown
