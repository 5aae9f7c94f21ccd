"""Masks that change within a training."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from worker.contracts.callback import Callback
from worker.contracts.context import Context
from worker.contracts.families.pruners import Plan, Pruner
from worker.contracts.masks import census, removed_share, sizes
from worker.contracts.subject import Subject

P = TypeVar("P", bound=Pruner)


class Growing(Callback, Generic[P]):
    """Masks weights during the training according to `plan`; without a plan all at once at its end."""

    def __init__(self, pruner: P, plan: Plan | None) -> None:
        assert pruner.share is not None
        self._pruner, self._plan, self._share = pruner, plan, pruner.share
        self._first = self._now = 0.0

    def start(self, subject: Subject, context: Context) -> None:
        self.subject, self.context = subject, context
        self._first = self._now = removed_share(subject)

    def state(self) -> dict[str, Any]:
        return {"first": self._first, "now": self._now}

    def load(self, state: Mapping[str, Any]) -> None:
        self._first, self._now = state["first"], state["now"]

    def finished_warmup(self) -> bool:
        return self._plan is None or self._now >= self._share

    def after_step(self, done: int, total: int) -> None:
        if self._plan is None or self.finished_warmup():
            return
        after = self._plan(self._first, self._share, done, total)
        if after is not None and after > self._now:
            self._grow(after)
            self.context.observe({"sparsity": removed_share(self.subject)})

    def finish(self) -> None:
        if self._plan is None:
            self._grow(self._share)
        elif not self.finished_warmup():
            self.context.log(
                f"The training ended before its masks were complete: {removed_share(self.subject):.1%} of the weights are removed, "
                f"of {self._share:.1%} that were planned.",
                "warning",
            )
        self.context.show("sparsity", census(self.subject, sizes(self.subject.module)))

    def mask(self, pruner: P) -> Subject:
        """The subject after `pruner`."""
        return pruner.prune(self.subject, self.context)

    def _grow(self, after: float) -> None:
        self.subject.masks = self.mask(self._pruner.step(self._now, after)).masks
        self._now = after
