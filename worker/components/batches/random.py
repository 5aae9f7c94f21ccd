"""Random batch sizes."""

from collections.abc import Iterator, Sequence

import numpy as np

from worker.contracts.component import hyperparameter
from worker.contracts.families.batches import BatchPolicy


class Random(BatchPolicy):
    """A size drawn again for each step, each one between two bounds as likely as another.

    The draws follow from the run's seed and the epoch. The last step of an epoch takes what is left; a single sample
    that is left over joins the step before it. An upper bound below the lower one counts as equal to it.
    """

    formula = "B(t) ~ U{a … b}"
    reference = (
        "Bottou, Curtis, Nocedal: Optimization Methods for Large-Scale Machine Learning (2018), arXiv:1606.04838"
    )

    lowest: int = hyperparameter(32, ge=1, le=65_536, unit="samples", description="Fewest samples a in a step.")
    highest: int = hyperparameter(256, ge=1, le=65_536, unit="samples", description="Most samples b in a step.")

    def sizes(self, samples: int, seed: int, epoch: int, history: Sequence[float] = ()) -> Iterator[int]:
        draws = np.random.default_rng((seed, epoch)).integers(
            self.lowest, max(self.lowest, self.highest), size=samples // self.lowest + 1, endpoint=True
        )
        ends = draws.cumsum()
        sizes = draws[: int(np.searchsorted(ends, samples)) + 1].tolist()
        sizes[-1] -= int(ends[len(sizes) - 1]) - samples
        if sizes[-1] == 1 and len(sizes) > 1 and self.lowest > 1:
            sizes[-2:] = [sizes[-2] + 1]
        yield from sizes
