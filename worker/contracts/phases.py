"""Phases, the parts of a stage."""

from collections.abc import Callable
from dataclasses import dataclass

from worker.contracts.callback import Companion
from worker.contracts.context import Context
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject


@dataclass(frozen=True)
class Transform:
    """A phase that changes the model at once. Deterministic: a run that was killed inside repeats it.

    `recipe` is how it trains the copies that it tries, if it does.
    """

    apply: Callable[[Subject, Context], Subject]
    recipe: Recipe | None = None


@dataclass(frozen=True)
class Training:
    """A phase that trains the model; the engine checkpoints within it and resumes inside it."""

    recipe: Recipe
    companion: Companion | None = None


Phase = Transform | Training
