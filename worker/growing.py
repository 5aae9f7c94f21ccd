"""Masks that change within a training."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, Self, TypeVar

from worker.companion import Companion
from worker.context import Context
from worker.masks import census, gone, sizes
from worker.subject import Subject

Plan = Callable[[float, float, int, int], float | None]
"""From the share that is gone when the training begins, the one that is to be gone in the end, the steps done and their
total: the share that is to be gone now, or None where masks stay as they are."""


class Masking(Protocol):
    """What masks weights and may do so little by little."""

    @property
    def share(self) -> float | None: ...

    def step(self, before: float, after: float) -> Self: ...

    def prune(self, subject: Subject, context: Context) -> Subject: ...


P = TypeVar("P", bound=Masking)


class Growing(Companion, Generic[P]):
    """Masks weights while they train, as `plan` says; without a plan all at once when the training is over."""

    def __init__(self, pruner: P, plan: Plan | None) -> None:
        assert pruner.share is not None
        self._pruner, self._plan, self._share = pruner, plan, pruner.share
        self._first = self._now = 0.0

    def begin(self, subject: Subject, context: Context) -> None:
        self.subject, self.context = subject, context
        self._first = self._now = gone(subject)

    def state(self) -> dict[str, Any]:
        return {"first": self._first, "now": self._now}

    def load(self, state: Mapping[str, Any]) -> None:
        self._first, self._now = state["first"], state["now"]

    def settled(self) -> bool:
        return self._plan is None or self._now >= self._share

    def stepped(self, done: int, total: int) -> None:
        if self._plan is None or self.settled():
            return
        after = self._plan(self._first, self._share, done, total)
        if after is not None and after > self._now:
            self._grow(after)
            self.context.observe({"sparsity": gone(self.subject)})

    def finish(self) -> None:
        if self._plan is None:
            self._grow(self._share)
        elif not self.settled():
            self.context.tell(
                f"The training ended before its masks were whole: {gone(self.subject):.1%} of the weights are gone, "
                f"of {self._share:.1%} that were planned.",
                "warning",
            )
        self.context.show("sparsity", census(self.subject, sizes(self.subject.module)))

    def masked(self, pruner: P) -> Subject:
        """The subject as `pruner` leaves it now."""
        return pruner.prune(self.subject, self.context)

    def _grow(self, after: float) -> None:
        self.subject.masks = self.masked(self._pruner.step(self._now, after)).masks
        self._now = after
