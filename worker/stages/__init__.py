"""Stages: the steps of the pipeline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker.component import Component
from worker.context import Context
from worker.recipe import Recipe
from worker.subject import Subject


@dataclass(frozen=True)
class Transform:
    """A phase that changes the model at once. Deterministic: a run that was killed inside repeats it."""

    apply: Callable[[Subject], Subject]


@dataclass(frozen=True)
class ContextTransform:
    """A `Transform` that needs more than the model: other runs' models, the data, the run's log."""

    apply: Callable[[Subject, Context], Subject]


@dataclass(frozen=True)
class Training:
    """A phase that trains the model; the engine checkpoints within it and resumes inside it."""

    recipe: Recipe


Phase = Transform | ContextTransform | Training


class Stage(Component, family="stages"):
    """One step of the pipeline: it takes a model and leaves a model."""

    def phases(self) -> Sequence[Phase]:
        """What the stage does, in order. A position in the pipeline is (stage, phase, epoch, step of the epoch)."""
        raise NotImplementedError

    def label(self) -> str:
        """What it is called on the timeline: `prune: magnitude`."""
        return self.kind
