"""Growing batches."""

from collections.abc import Iterator, Sequence
from typing import Literal

from worker.contracts.component import hyperparameter
from worker.contracts.families.batches import BatchPolicy, fill
from worker.contracts.plateau import plateaus


class Growing(BatchPolicy):
    """Larger batches instead of lower rates: the noise of the steps falls alike, and the epochs get faster.

    The size is multiplied after every so many epochs (`schedule`), or whenever the validation loss has not fallen for so
    many (`plateau`), up to a limit. Best with a constant rate; where a person would divide the rate, multiply the size.
    """

    formula = "B(n) = min(B_max, B₀ · kⁿ) after n growths"
    reference = (
        "Smith, Kindermans, Ying, Le: Don't Decay the Learning Rate, Increase the Batch Size (2018), arXiv:1711.00489"
    )

    size: int = hyperparameter(64, ge=1, le=65_536, unit="samples", description="Samples B₀ in each step at first.")
    growth: float = hyperparameter(2.0, ge=1, le=100, description="Factor k of each growth.")
    when: Literal["schedule", "plateau"] = hyperparameter(
        "schedule", description="Sign to grow: so many epochs have passed, or the loss stalls."
    )
    epochs: int = hyperparameter(
        3, ge=1, le=10_000, unit="epochs", description="Epochs between two growths, or without improvement before one."
    )
    min_delta: float = hyperparameter(
        1e-4,
        ge=0,
        le=1e6,
        description="Least fall of the loss below its lowest value so far that counts as an improvement.",
    )
    largest: int = hyperparameter(
        2048, ge=1, le=65_536, unit="samples", description="Samples B_max that no step exceeds; below B₀ nothing grows."
    )

    def sizes(self, samples: int, seed: int, epoch: int, history: Sequence[float] = ()) -> Iterator[int]:
        return fill(samples, self._size(epoch, history))

    def _size(self, epoch: int, history: Sequence[float]) -> int:
        plateau = self.when == "plateau"
        growths = plateaus(history, self.epochs, self.min_delta) if plateau else epoch // self.epochs
        most = max(self.size, self.largest)
        size: float = self.size
        for _ in range(growths):  # a power would overflow after many
            size = min(size * self.growth, most)
        return int(size)
