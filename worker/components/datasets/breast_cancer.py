"""Breast cancer in Wisconsin."""

from pathlib import Path

from worker.contracts.families.datasets import Dataset
from worker.data.splits import split
from worker.data.tensors import Corpus


class BreastCancer(Dataset):
    """569 tumours, malignant or benign, described by 30 measures of their cells' nuclei; comes with the installation.

    Inputs are [30]: mean, error and worst value of ten measures, in units of very different size. The published set
    has no test split: a stratified tenth is kept for validation and a tenth for testing, drawn with the run's seed.
    """

    formula = "x ∈ ℝ³⁰, y ∈ {malignant, benign}"
    reference = "Street, Wolberg, Mangasarian: Nuclear feature extraction for breast tumor diagnosis (1993), doi:10.24432/C5DW2B"
    provides = ("classes", "real")
    facts = {
        "train": 457,
        "validation": 56,
        "test": 56,
        "shape": [30],
        "outputs": 2,
        "task": "classification",
        "bytes": 569 * 30 * 8,
    }

    def load(self, folder: Path, seed: int) -> Corpus:
        from sklearn.datasets import load_breast_cancer

        measures, targets = load_breast_cancer(return_X_y=True)
        return split(measures, targets, seed, outputs=2, names=("malignant", "benign"))
