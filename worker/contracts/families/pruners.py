"""Pruners: the choice of weights or channels to remove."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

from torch import nn

from worker.contracts.callback import Callback
from worker.contracts.component import Component
from worker.contracts.context import Context
from worker.contracts.masks import census, sizes
from worker.contracts.phases import Phase, Transform
from worker.contracts.subject import Subject

Plan = Callable[[float, float, int, int], float | None]
"""From the share that is gone when the training begins, the one that is to be gone in the end, the steps done and their
total: the share that is to be gone now, or None where masks stay as they are."""


class Pruner(Component, family="pruners", default="magnitude"):
    """Choice of the weights or channels to remove."""

    share_field: ClassVar[str] = ""
    """Name of the field that says which share goes: a search may change it. Empty where only the weights tell."""
    structured: ClassVar[bool] = False
    """True when tensors shrink; otherwise weights are masked."""

    @abstractmethod
    def prune(self, subject: Subject, context: Context) -> Subject:
        """Mask weights (unstructured) or really remove them (structured); the module may be changed in place.

        Raises ValueError in one sentence when nothing would be left of a layer.
        """

    @classmethod
    def capabilities(cls) -> tuple[str, ...]:
        return tuple(["structured"] * cls.structured + ["open"] * (cls.share is Pruner.share))

    def validate_for(self, module: nn.Module) -> None:
        """Raises ValueError in one sentence when the shapes of the layers already show that nothing can be removed."""

    def phases(self) -> Sequence[Phase]:
        """Phases of the pruning: `prune` at once, unless only a training shows what to remove."""
        return [Transform(self._shown)]

    @property
    def share(self) -> float | None:
        """Share of removed weights or channels afterwards; None when it depends on the weights."""
        return None

    def at(self, share: float) -> Self:
        """The same pruner at another share; where there is a `share_field`."""
        return self.model_copy(update={self.share_field: share})

    def step(self, before: float, after: float) -> Self:
        """The pruner for one step from the removed share `before` to `after`; only for pruners with a `share`."""
        raise AssertionError("a pruner without a share is not asked to take steps")

    def growing(self, plan: Plan) -> Callback:
        """Callback that masks more and more weights during a training, according to `plan`; only for pruners with a `share`."""
        raise AssertionError("a pruner whose share is open is not asked to mask little by little")

    def label(self) -> str:
        """Name on the timeline, with the most important of its parameters."""
        return self.kind.replace("_", " ")

    def _shown(self, subject: Subject, context: Context) -> Subject:
        totals = sizes(subject.module)
        pruned = self.prune(subject, context)
        context.show("sparsity", census(pruned, totals))
        return pruned
