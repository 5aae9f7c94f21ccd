"""Folders: layers that merge into their neighbours."""

from abc import abstractmethod

from worker.contracts.component import Component
from worker.contracts.context import Context
from worker.contracts.subject import Subject


class Fusion(Component, family="fusions", default="batch_norm"):
    """Layers that merge into their neighbours, which leaves fewer of them."""

    @abstractmethod
    def fold(self, subject: Subject, context: Context) -> Subject:
        """Merge; the module may be changed in place. Raises ValueError in one sentence when there is nothing to fold."""

    def label(self) -> str:
        """Name on the timeline, with the most important of its parameters."""
        return self.kind.replace("_", " ")
