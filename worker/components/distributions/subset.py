"""Fewer samples."""

from dataclasses import replace
from typing import Literal

import numpy as np

from worker.contracts.component import hyperparameter
from worker.contracts.families.distributions import Distribution
from worker.data.splits import draw, generator, strata
from worker.data.tensors import Corpus, Samples

LEAST = 2  # samples: fewer have no deviation


class Subset(Distribution):
    """Trains on some of the samples only: to see the value of more data, or to train faster.

    Drawn with the run's seed, without repeats. Stratified, each class keeps its share to within one sample; of
    numbers, each tenth of their range does. At least two samples are kept.
    """

    formula = "n' = f · n, or the count itself"
    reference = "Cochran: Sampling Techniques, chapters 2 and 5 (1977)"

    fraction: float = hyperparameter(0.1, gt=0, le=1, description="Share of the training split that is kept.")
    count: int = hyperparameter(
        0, ge=0, le=100_000_000, unit="samples", description="Samples that are kept, at most all; 0 goes by the share."
    )
    how: Literal["stratified", "random"] = hyperparameter(
        "stratified", description="Shares of the classes: kept exactly, or only on average; texts have no classes."
    )

    def reshape(self, corpus: Corpus, seed: int) -> Samples:
        train = corpus.train
        wanted = self.count or round(self.fraction * len(train))
        kept = min(len(train), max(wanted, LEAST))
        alike = self.how == "random" or corpus.task == "language"
        groups = np.zeros(len(train), np.int64) if alike else strata(train.targets)
        rows = draw(groups, kept, generator(seed, "subset"))  # ascending: what was made up stays at the end
        made_up = int((rows >= len(train) - train.generated).sum())
        return replace(train.take(rows), generated=made_up)
