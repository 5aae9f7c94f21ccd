"""Distributions: the choice of training samples, and how often each is drawn."""

from abc import abstractmethod

from worker.contracts.component import Component
from worker.data.tensors import Corpus, Samples


class Distribution(Component, family="distributions"):
    """Choice of the training samples, and how often each is drawn; validation and test stay as they are."""

    @abstractmethod
    def reshape(self, corpus: Corpus, seed: int) -> Samples:
        """The training split that takes the place of `corpus.train`. Raises ValueError in one sentence."""
