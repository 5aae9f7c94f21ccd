"""Datasets: each reads real data and leaves seeded, disjoint splits."""

from abc import abstractmethod
from pathlib import Path

from worker.contracts.component import Component
from worker.data.tensors import Corpus


class Dataset(Component, family="datasets", default="digits", examples=("digits", "mnist")):
    """The data of a run's training, validation and test."""

    @abstractmethod
    def load(self, folder: Path, seed: int) -> Corpus:
        """Read the data and split it with `seed`. `folder` is `DATA_DIR/datasets/<kind>/`.

        Raises ValueError in one sentence, with the remedy, when the files are missing or damaged.
        """
