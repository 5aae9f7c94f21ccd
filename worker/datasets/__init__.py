"""Datasets: each reads real data and leaves seeded, disjoint, prepared splits."""

from pathlib import Path

from worker.component import Component
from worker.data import Data


class Dataset(Component, family="datasets", default="digits"):
    """The data that a run learns from and is judged by."""

    def load(self, folder: Path, seed: int) -> Data:
        """Read the data, split it with `seed`, prepare it. `folder` is `DATA_DIR/datasets/<kind>/`.

        Raises ValueError in one sentence, with the remedy, when the files are missing or damaged.
        """
        raise NotImplementedError
