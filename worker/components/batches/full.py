"""The full batch."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from worker.contracts.families.batches import BatchPolicy


class Full(BatchPolicy):
    """The whole training split in each step: the gradient without noise, at the price of one step an epoch.

    What does not pass through the model together passes in parts whose gradients are added up.
    """

    formula = "B(t) = N"
    reference = "Cauchy: Méthode générale pour la résolution des systèmes d'équations simultanées (1847)"
    whole: ClassVar[bool] = True

    def sizes(self, samples: int, seed: int, epoch: int, history: Sequence[float] = ()) -> Iterator[int]:
        yield samples
