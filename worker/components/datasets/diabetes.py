"""Progress of diabetes."""

from pathlib import Path

from worker.contracts.families.datasets import Dataset
from worker.data.splits import split
from worker.data.tensors import Corpus


class Diabetes(Dataset):
    """442 patients: progress of diabetes after a year, from ten measures at its start; comes with the installation.

    Inputs are [10]: age, sex, body mass index, blood pressure and six of blood serum, as they were measured; targets
    are one number from 25 to 346. The published set has no test split: a tenth is kept for validation and a tenth for
    testing, spread over the range of the targets, drawn with the run's seed. An R² of 0.5 is as good as it gets.
    """

    formula = "x ∈ ℝ¹⁰, y ∈ ℝ"
    reference = "Efron, Hastie, Johnstone, Tibshirani: Least Angle Regression (2004), doi:10.1214/009053604000000067"
    provides = ("numbers", "real")
    facts = {
        "train": 354,
        "validation": 44,
        "test": 44,
        "shape": [10],
        "outputs": 1,
        "task": "regression",
        "bytes": 442 * 10 * 8,
    }

    def load(self, folder: Path, seed: int) -> Corpus:
        from sklearn.datasets import load_diabetes

        # The scaled version has seen the mean and deviation of what is held out here.
        measures, targets = load_diabetes(return_X_y=True, scaled=False)
        return split(measures, targets[:, None], seed, task="regression", outputs=1)
