"""Handwritten digits."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from worker.contracts.families.datasets import Dataset
from worker.data.splits import split
from worker.data.tensors import Corpus


class Digits(Dataset):
    """1,797 handwritten digits of 8 × 8 pixels; comes with the installation and trains in seconds.

    Inputs are [1, 8, 8], pixels from 0 to 16. The published set has no test split: a stratified tenth is kept for
    validation and a tenth for testing, drawn with the run's seed.
    """

    formula = "x ∈ {0 … 16}^(1×8×8), y ∈ {0 … 9}"
    reference = "Alpaydin, Kaynak: Optical Recognition of Handwritten Digits (1998), doi:10.24432/C50P49"
    provides = ("classes", "real", "image", "sequence")
    facts = {
        "train": 1439,
        "validation": 179,
        "test": 179,
        "shape": [1, 8, 8],
        "outputs": 10,
        "task": "classification",
        "bytes": 1797 * 64,
    }

    def load(self, folder: Path, seed: int) -> Corpus:
        rows = np.loadtxt(_published(), delimiter=",", dtype=np.uint8)
        pixels, targets = rows[:, :-1].reshape(-1, 1, 8, 8), rows[:, -1].astype(np.int64)
        return split(pixels, targets, seed, outputs=10, names=tuple("0123456789"), white=16.0)


def _published() -> Path:
    """The file within scikit-learn, found without importing it: that takes seconds, which a trainer's start would wait."""
    package = find_spec("sklearn")
    assert package is not None and package.origin is not None
    return Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
