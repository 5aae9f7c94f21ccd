"""Datasets: each reads real data and leaves seeded, disjoint splits."""

from abc import abstractmethod
from pathlib import Path

from worker.contracts.component import Component
from worker.data.pool import Reading
from worker.data.tensors import Corpus, Samples


class Dataset(Component, family="datasets", default="digits", examples=("digits", "mnist")):
    """The data of a run's training, validation and test."""

    @abstractmethod
    def load(self, folder: Path, seed: int) -> Corpus:
        """Read the data and split it with `seed`. `folder` is `DATA_DIR/datasets/<kind>/`.

        Raises ValueError in one sentence, with the remedy, when the files are missing or damaged.
        """


class PooledDataset(Dataset):
    """A dataset that is read block by block, once, into a file that all runs share: it is never whole in memory."""

    @abstractmethod
    def rows(self, folder: Path) -> Reading:
        """The samples as they are read, whatever the seed. `folder` and errors as in `load`."""

    @abstractmethod
    def splits(self, whole: Samples, seed: int) -> Corpus:
        """The splits of `whole`, which holds the samples of `rows` in their order, drawn with `seed`."""

    def load(self, folder: Path, seed: int) -> Corpus:
        return self.splits(self.rows(folder).gather(), seed)
