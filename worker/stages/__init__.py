"""Stages: the steps of the pipeline."""

from abc import abstractmethod
from collections.abc import Sequence

from worker.component import Component
from worker.phases import Phase


class Stage(Component, family="stages"):
    """One step of the pipeline: it takes a model and leaves a model."""

    @abstractmethod
    def phases(self) -> Sequence[Phase]:
        """What the stage does, in order. A position in the pipeline is (stage, phase, epoch, step of the epoch)."""

    def label(self) -> str:
        """What it is called on the timeline: `prune: magnitude`."""
        return self.kind
