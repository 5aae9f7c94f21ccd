"""Batch policies: the number of samples in each step."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Self

from worker.contracts.component import Component

Probe = Callable[[int], float]
"""Seconds that one training step of a batch of so many samples takes on this device; raises MemoryError when it does
not fit."""


class BatchPolicy(Component, family="batches", default="fixed"):
    """Number of samples in each step."""

    whole: ClassVar[bool] = False
    """True when each step uses the whole training split, which passes through the model in parts."""

    @abstractmethod
    def sizes(self, samples: int, seed: int, epoch: int, history: Sequence[float] = ()) -> Iterator[int]:
        """The batch sizes of one epoch over `samples` samples, in order; a pure function of its arguments.

        `history` are the validation losses of the stage's epochs so far. The sizes add up to `samples`.
        """

    def steps(self, samples: int, seed: int, epoch: int, history: Sequence[float] = ()) -> int:
        """Number of steps in one epoch, as far as `history` tells."""
        return sum(1 for _ in self.sizes(samples, seed, epoch, history))

    def fit(self, samples: int, probe: Probe) -> Self | "BatchPolicy":
        """The policy that replaces this one once the model and the device are known; by default this one.

        Called once when the phase begins; the checkpoint keeps what it returns.
        """
        return self

    def report(self) -> str | None:
        """A sentence on what was found, for the run's log; None when there is nothing to tell."""
        return None


def fill(samples: int, size: int) -> Iterator[int]:
    """Steps of `size` samples; the last takes what is left. A single sample that is left over joins the step before
    it: batch normalization cannot train on one."""
    full, left = divmod(samples, size)
    if left == 1 and full:
        full, left = full - 1, size + 1
    for _ in range(full):
        yield size
    if left:
        yield left
