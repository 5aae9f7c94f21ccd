"""Stages: the steps of the pipeline."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from worker.contracts.component import Component
from worker.contracts.phases import Phase


class Stage(Component, family="stages", examples=("train",)):
    """One step of the pipeline: it takes a model and leaves a model."""

    quantizes: ClassVar[bool] = False
    """True for a stage that gives numbers fewer bits: the notes on its result look for kernels that use them."""
    folds: ClassVar[bool] = False
    """True for a stage that merges layers, which some runtimes do by themselves."""

    @abstractmethod
    def phases(self) -> Sequence[Phase]:
        """Phases of the stage, in order. A position in the pipeline is (stage, phase, epoch, step of the epoch)."""

    @property
    def keeps_shapes(self) -> bool:
        """Returns whether every layer keeps its name and its shape, whatever the weights are."""
        return False

    def validate_for(self, module: nn.Module) -> None:
        """Raises ValueError in one sentence for what the layers' names and shapes tell already: asked before the run's
        first step, so that nobody trains for a stage that cannot be."""

    def label(self) -> str:
        """Name on the timeline: `prune: magnitude`."""
        return self.kind
