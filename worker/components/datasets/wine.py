"""Wines of one region."""

from pathlib import Path

from worker.contracts.families.datasets import Dataset
from worker.data.splits import split
from worker.data.tensors import Corpus


class Wine(Dataset):
    """178 wines of three cultivars, described by 13 chemical measures; the smallest set, comes with the installation.

    Inputs are [13], in units of very different size. The published set has no test split: a stratified tenth is kept
    for validation and a tenth for testing, drawn with the run's seed. With 17 samples in each, one more that is right
    is six percentage points: compare several seeds.
    """

    formula = "x ∈ ℝ¹³, y ∈ {1, 2, 3}"
    reference = "Aeberhard, Forina: Wine (1991), doi:10.24432/C5PC7J"
    provides = ("classes", "real")
    facts = {
        "train": 144,
        "validation": 17,
        "test": 17,
        "shape": [13],
        "outputs": 3,
        "task": "classification",
        "bytes": 178 * 13 * 8,
    }

    def load(self, folder: Path, seed: int) -> Corpus:
        from sklearn.datasets import load_wine

        measures, targets = load_wine(return_X_y=True)
        return split(measures, targets, seed, outputs=3, names=("cultivar 1", "cultivar 2", "cultivar 3"))
