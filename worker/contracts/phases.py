"""Phases, the parts of a stage, and the run around one that tries models before it decides."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from worker.contracts.callback import Callback
from worker.contracts.context import Context
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject


@dataclass(frozen=True)
class Training:
    """A phase that trains the model; the engine checkpoints within it and resumes inside it."""

    recipe: Recipe
    callback: Callback | None = None


class TrialContext(Context, Protocol):
    """The run around a phase that changes the model at once: copies of the model can be tried in it."""

    def train(self, subject: Subject, training: Training) -> None:
        """Train a copy of the run's model in place, beside the timeline: no curve, no checkpoint. Every such training of
        a phase draws the same numbers.

        Raises ValueError in one sentence when it diverges. A person's stop ends the stage here, and what came into the
        phase is what it leaves.
        """

    def measure(self, subject: Subject, fields: Collection[str]) -> Mapping[str, float]:
        """Measures the real file of a copy of the run's model in a clean process: its cost and quality by field.

        The fields are those of `backend.domain.measures`: `fields`, and what comes with them for nothing. Quality is that
        on the validation split. What could not be measured is left out. Raises ValueError in one sentence when the file
        cannot be written, loaded or run; a stop ends the stage as in `train`.
        """

    def aside(self) -> "TrialContext":
        """The same run without its log, summaries and metrics: for experiments that are not part of its results."""


@dataclass(frozen=True)
class Transform:
    """A phase that changes the model at once. Deterministic: a run that was killed inside repeats it.

    `recipe` is how it trains the copies that it tries, if it does.
    """

    apply: Callable[[Subject, TrialContext], Subject]
    recipe: Recipe | None = None


Phase = Transform | Training
