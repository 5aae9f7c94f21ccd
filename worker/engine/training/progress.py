"""Counts the steps of one training, and keeps the losses that its schedule and its end depend on."""

from collections.abc import Mapping, Sequence
from typing import Any

from worker.engine.checkpoints.checkpoint import Position


class PhaseProgress:
    """Place of a training between its `start` and the `total` steps that are planned for it by now."""

    def __init__(self, start: Position, total: int) -> None:
        self.start, self.done, self.total = start, start.phase_step, total
        self.history: list[float] = []  # validation losses of the phase's epochs
        self.unsettled = 0  # epochs before the callback had made the model what it is to be

    def at(self, epoch: int, batch: int) -> Position:
        """The place before batch number `batch` of `epoch`."""
        start = self.start
        return Position(start.stage, start.phase, epoch, batch, start.step - start.phase_step + self.done, self.done)

    def expect(self, total: int) -> int:
        """The phase takes `total` steps, more or fewer than was planned; returns how many more."""
        more, self.total = total - self.total, total
        return more

    def validated(self, loss: float, finished_warmup: bool) -> None:
        """An epoch is over, with this validation loss; `finished_warmup` says that the callback's warm-up is finished."""
        self.history.append(loss)
        if not finished_warmup:
            self.unsettled = len(self.history)

    @property
    def losses(self) -> Sequence[float]:
        """Validation losses of the epochs since the callback's warm-up."""
        return self.history[self.unsettled :]

    def state(self) -> dict[str, Any]:
        return {"history": list(self.history), "unsettled": self.unsettled}

    def load(self, state: Mapping[str, Any]) -> None:
        self.history, self.unsettled = list(state["history"]), state["unsettled"]
