"""Summaries of a stage, shown beside its curves: each function returns them by kind, as plain JSON."""

import math
from collections.abc import Callable
from typing import Any

from backend.domain.run.results import INCOMING, IncomingModel
from worker.contracts.families.losses import Loss
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject
from worker.data.tensors import Data, Split
from worker.engine import seed
from worker.engine.environment import RunEnvironment
from worker.engine.evaluate import evaluate
from worker.engine.measurement import count
from worker.engine.summaries import pictures
from worker.engine.summaries.landscape import landscape
from worker.engine.summaries.plan import plan
from worker.engine.summaries.quality import quality


def of_incoming(
    subject: Subject, run: RunEnvironment, loss: Loss, attend: Callable[[], None]
) -> dict[str, dict[str, Any]]:
    """The model before the first stage, evaluated as later ones are. `attend` is called often."""

    def metrics(split: Split) -> dict[str, float]:
        found = evaluate(subject.module, split, loss, run.data, attend)
        return {name: value for name, value in found.items() if math.isfinite(value)}

    found = IncomingModel(
        parameters=count.parameters(subject.module),
        nonzero=count.nonzero(subject),
        validation=metrics(run.data.validation),
        test=metrics(run.data.test),
    )
    return {INCOMING: found.model_dump()}


def of_recipe(data: Data, recipe: Recipe, run_seed: int) -> dict[str, dict[str, Any]]:
    """Summaries of what a training phase is going to do, shown before its first step."""
    shown = {"plan": plan(recipe, len(data.train), run_seed)}
    if recipe.augmentations:
        shown["augmentations"] = pictures.augmentations(data, recipe, run_seed)
    return shown


def of_model(
    subject: Subject, run: RunEnvironment, loss: Loss, attend: Callable[[], None]
) -> dict[str, dict[str, Any]]:
    """Summaries of the model that a stage left, on the validation split. `attend` is called often."""
    shown = {"quality": quality(subject.module, run.data.validation, run.data, attend)}
    return shown | of_surroundings("landscape", subject, run, loss, attend)


def of_surroundings(
    kind: str, subject: Subject, run: RunEnvironment, loss: Loss, attend: Callable[[], None]
) -> dict[str, dict[str, Any]]:
    """The loss around the weights as they are, where the spec asks for it; every stage takes the same random numbers."""
    if not run.diagnosis.landscape:
        return {}
    return {kind: landscape(subject, run.data.validation, loss, seed.generator(run.seed, "landscape"), attend)}
