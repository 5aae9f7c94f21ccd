"""Interface through which a stage uses the run that it is part of."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from torch import Generator, Tensor, nn

from worker.contracts.families.models import Model
from worker.contracts.subject import Subject


class Context(Protocol):
    """The run around a phase."""

    def source(self, name: str, same_data: bool = False) -> Subject:
        """The model of another run, on this run's device; `name` is its name in the spec.

        Raises ValueError in one sentence when its file is missing or not what was registered; with `same_data` also
        when it learnt from another dataset than this run's, or from one that was prepared in another way.
        """

    def fresh(self) -> nn.Module:
        """The model as it was when it began, before the first stage or as a stage's student, on the device: the same
        initial weights each time."""

    def reinitialize(self, model: Model | None = None) -> Subject:
        """`model`, by itself the one that there is, with first weights that are this stage's own, on the device."""

    def generator(self, stream: str) -> Generator:
        """Random numbers of this run for `stream`, drawn on the CPU; within a stage the same ones each time."""

    def batches(self, count: int, size: int = 128) -> Iterator[tuple[Tensor, Tensor]]:
        """At most `count` batches of the training split, inputs [size, …] and targets, spread evenly over it; always the
        same ones."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The scalar that the training minimizes, without penalties."""

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        """Its `loss` and metrics on the validation split."""

    def quality(self, module: nn.Module) -> float:
        """Quality on the validation split: accuracy; R² where targets are numbers. More is better."""

    def recalibrate(self, module: nn.Module) -> None:
        """Take the statistics of its batch normalizations again over the training split, except for frozen ones."""

    def observe(self, metrics: Mapping[str, float]) -> None:
        """Reports values of metrics at the next step, drawn as curves; for a callback within a training."""

    def log(self, text: str, level: str = "info") -> None:
        """Writes one sentence to the run's log."""

    def show(self, kind: str, body: dict[str, Any]) -> None:
        """Stores a summary of the stage."""
