"""Fixed batch size."""

from collections.abc import Iterator
from itertools import repeat

from worker.batches import BatchPolicy
from worker.component import knob


class Fixed(BatchPolicy):
    """The same number of samples in each step; the last step of an epoch takes what is left.

    A single sample that is left over joins the step before it: batch normalization cannot train on one.
    """

    formula = "B(t) = B"
    reference = "Robbins, Monro: A Stochastic Approximation Method (1951)"

    size: int = knob(128, ge=1, le=65_536, unit="samples", live=True, description="Samples in each step.")

    def sizes(self, samples: int, seed: int, epoch: int) -> Iterator[int]:
        full, left = divmod(samples, self.size)
        if left == 1 and full:
            yield from repeat(self.size, full - 1)
            yield self.size + 1
        else:
            yield from repeat(self.size, full)
            if left:
                yield left

    def steps(self, samples: int, seed: int, epoch: int) -> int:
        full, left = divmod(samples, self.size)
        return full + (left > 1 or not full)
