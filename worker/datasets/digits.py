"""Handwritten digits."""

from pathlib import Path

from worker.data import Data
from worker.datasets import Dataset
from worker.preparation import per_channel, split_and_prepare


class Digits(Dataset):
    """1,797 handwritten digits of 8 × 8 pixels; comes with the installation and trains in seconds.

    Inputs are [1, 8, 8], scaled to zero mean and unit deviation of the training split. The published set has no
    test split: a stratified tenth is kept for validation and a tenth for testing, drawn with the run's seed.
    """

    formula = "x ← (x − mean(x_train)) / std(x_train)"
    reference = "Alpaydin, Kaynak: Optical Recognition of Handwritten Digits (1998), doi:10.24432/C50P49"
    provides = ("classes", "image")
    facts = {"train": 1439, "validation": 179, "test": 179, "shape": [1, 8, 8], "classes": 10}

    def load(self, folder: Path, seed: int) -> Data:
        from sklearn.datasets import load_digits

        images, targets = load_digits(return_X_y=True)
        return split_and_prepare(images.reshape(-1, 1, 8, 8), targets, 10, seed, per_channel)
