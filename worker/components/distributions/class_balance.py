"""Balanced classes."""

from dataclasses import replace

import numpy as np

from worker.contracts.component import hyperparameter
from worker.contracts.families.distributions import Distribution
from worker.data.tensors import Corpus, Samples


class ClassBalance(Distribution):
    """Draws rare classes more often: with full strength each class has the same share of the training samples.

    Samples are drawn with repeats, as many in an epoch as there are, so an epoch no longer shows every sample once.
    """

    formula = "P(sample of class c) ∝ (n / (K · n_c))^s for K classes and strength s"
    reference = "He, Garcia: Learning from Imbalanced Data (2009), doi:10.1109/TKDE.2008.239"
    needs = ("classes", "real")

    strength: float = hyperparameter(
        1.0, ge=0, le=1, description="From 0, each sample equally often, to 1, each class equally often."
    )

    def reshape(self, corpus: Corpus, seed: int) -> Samples:
        train = corpus.train
        weights = np.ones(len(train)) if train.weights is None else train.weights
        drawn = np.bincount(train.targets, weights, minlength=corpus.outputs)  # of each class, relative to the others
        factors = np.zeros(corpus.outputs)
        present = drawn > 0
        factors[present] = (drawn.sum() / (present.sum() * drawn[present])) ** self.strength
        return replace(train, weights=weights * factors[train.targets])
