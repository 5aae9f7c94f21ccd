"""Fixed batch size."""

from collections.abc import Iterator, Sequence

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.batches import BatchPolicy, fill


class Fixed(BatchPolicy):
    """The same number of samples in each step; the last step of an epoch takes what is left.

    A single sample that is left over joins the step before it: batch normalization cannot train on one.
    """

    formula = "B(t) = B"
    reference = "Robbins, Monro: A Stochastic Approximation Method (1951)"

    size: int = hyperparameter(
        128, ge=1, le=65_536, unit="samples", marks=Mark.LIVE, description="Samples in each step."
    )

    def sizes(self, samples: int, seed: int, epoch: int, history: Sequence[float] = ()) -> Iterator[int]:
        return fill(samples, self.size)

    def steps(self, samples: int, seed: int, epoch: int, history: Sequence[float] = ()) -> int:
        full, left = divmod(samples, self.size)
        return full + (left > 1 or not full)
