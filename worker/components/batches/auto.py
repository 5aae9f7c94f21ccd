"""The batch size that this device is fastest with."""

from collections.abc import Iterator, Sequence
from typing import Self

from pydantic import PrivateAttr

from worker.contracts.component import hyperparameter
from worker.contracts.families.batches import BatchPolicy, Probe, fill

SMALLEST = 2  # samples; where the search begins, as batch normalization cannot train on one
ASSUMED = 128  # samples, until it is measured
TURNS = 4  # through all sizes; of each the fastest counts: what else the machine does for a while can only slow it down
PATIENCE = 2  # doublings in a row that bring nothing before the search ends: one may only be an unlucky shape


class Auto(BatchPolicy):
    """The largest power of two that fits into memory and still raises the throughput of this model on this device.

    Measured before the first step: from 2 samples on the size is doubled, as long as that raises the samples per second.
    What is found depends on the machine and its load, and with it the run. It stands in the log, and a run that is
    resumed keeps it; to repeat a run exactly, write it into `size`.
    """

    formula = "B = max{2ᵏ that fits : v(2ᵏ) > (1 + g) · v(best smaller)}, v(B) = B / measured seconds of a step"
    reference = "McCandlish et al.: An Empirical Model of Large-Batch Training, section 2 (2018), arXiv:1812.06162"

    gain: float = hyperparameter(
        0.03, ge=0, le=1, description="Share g by which a larger size must raise the throughput."
    )
    largest: int = hyperparameter(8192, ge=1, le=65_536, unit="samples", description="Samples that no step exceeds.")
    least_steps: int = hyperparameter(
        16, ge=1, le=10_000, unit="steps", description="Steps that an epoch keeps, however fast larger batches are."
    )
    size: int = hyperparameter(
        0, ge=0, le=65_536, unit="samples", description="Samples in each step; 0 has them measured."
    )

    _report: str | None = PrivateAttr(None)

    def sizes(self, samples: int, seed: int, epoch: int, history: Sequence[float] = ()) -> Iterator[int]:
        return fill(samples, self.size or min(ASSUMED, self.largest))

    def fit(self, samples: int, probe: Probe) -> Self:
        if self.size:
            return self
        most = max(1, min(self.largest, samples // self.least_steps))
        speeds, end = measure(most, self.gain, probe)
        size = best(speeds, self.gain) or min(SMALLEST, most)
        found = self.model_copy(update={"size": size})
        speed = f", {speeds[size]:,.0f} samples/s in training" if size in speeds else ""
        found._report = f"Batches of {size:,}{speed}: {end}."
        return found

    def report(self) -> str | None:
        return self._report


def measure(most: int, gain: float, probe: Probe) -> tuple[dict[int, float], str]:
    """Samples per second of each size that was tried, in rising order, and why no larger one was."""
    speeds: dict[int, float] = {}
    limit = f"more than {most:,} are not allowed"
    for _ in range(TURNS):
        size = SMALLEST
        while size <= most:
            try:
                speeds[size] = max(speeds.get(size, 0.0), size / probe(size))
            except MemoryError:
                most, limit = size - 1, f"{size:,} samples do not fit into memory"
            if size >= best(speeds, gain) << PATIENCE:
                break
            size *= 2
    ended_by_limit = max(best(speeds, gain), 1) << PATIENCE > most
    return speeds, limit if ended_by_limit else "larger ones are not faster here"


def best(speeds: dict[int, float], gain: float) -> int:
    """The largest size that is faster than the best smaller one by more than `gain`; 0 when there is none."""
    found = 0
    for size, speed in speeds.items():
        if speed > (1 + gain) * speeds.get(found, 0.0):
            found = size
    return found
