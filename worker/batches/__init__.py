"""Batch policies: how many samples each step sees."""

from collections.abc import Iterator

from worker.component import Component


class BatchPolicy(Component, family="batches", default="fixed"):
    """How many samples each step sees."""

    def sizes(self, samples: int, seed: int, epoch: int) -> Iterator[int]:
        """The batch sizes of one epoch over `samples` samples, in order; a pure function of its arguments."""
        raise NotImplementedError

    def steps(self, samples: int, seed: int, epoch: int) -> int:
        """How many steps one epoch takes."""
        return sum(1 for _ in self.sizes(samples, seed, epoch))
