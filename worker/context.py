"""What a stage may ask of the run that it is part of."""

from typing import Any, Protocol

from torch import nn

from worker.subject import Subject


class Context(Protocol):
    """The run around a phase."""

    def source(self, name: str) -> Subject:
        """The model that another run left, on this run's device; `name` is what the spec calls it.

        Raises ValueError in one sentence when its file is missing or not what was registered.
        """

    def fresh(self) -> nn.Module:
        """The run's model as it was before its first stage, on the device: the same initial weights each time."""

    def quality(self, module: nn.Module) -> float:
        """How good it is on the validation split: accuracy; R² where targets are numbers. More is better."""

    def recalibrate(self, module: nn.Module) -> None:
        """Take the statistics of its batch normalizations anew over the training split, except for frozen ones."""

    def tell(self, text: str, level: str = "info") -> None:
        """One sentence in the run's log."""

    def show(self, kind: str, body: dict[str, Any]) -> None:
        """An exhibit of the stage."""
