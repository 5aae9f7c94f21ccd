"""Distributions: the choice and frequency of training samples."""

from abc import abstractmethod

from worker.contracts.component import Component
from worker.data.tensors import Corpus, Samples


class Distribution(Component, family="distributions"):
    """Choice and frequency of the training samples; validation and test stay unchanged."""

    @abstractmethod
    def reshape(self, corpus: Corpus, seed: int) -> Samples:
        """The training split that replaces `corpus.train`. Raises ValueError in one sentence."""
