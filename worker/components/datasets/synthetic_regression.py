"""A generated regression problem."""

from pathlib import Path

import numpy as np

from worker.contracts.component import hyperparameter
from worker.contracts.families.datasets import Dataset
from worker.data.splits import generator, split
from worker.data.tensors import Corpus


class SyntheticRegression(Dataset):
    """A generated problem of any size: a wave, a parabola and two lines of five features; the other features are noise.

    Without noise the targets' deviation is 4.9, so that `noise` σ leaves an R² of at most 1 − σ² / (23.8 + σ²): 0.96
    for 1. The points depend on `problem`, never on the run's seed, which draws the splits: runs of several seeds share
    one problem.
    """

    formula = "y = 10 sin(π x₁ x₂) + 20 (x₃ − ½)² + 10 x₄ + 5 x₅ + σ·ε with x ~ U[0, 1], ε ~ N(0, 1)"
    reference = "Friedman: Multivariate Adaptive Regression Splines (1991), doi:10.1214/aos/1176347963"
    provides = ("numbers", "real")

    samples: int = hyperparameter(
        5_000, ge=200, le=200_000, unit="samples", description="Points in all three splits together."
    )
    features: int = hyperparameter(10, ge=5, le=256, unit="features", description="Numbers that describe a point.")
    noise: float = hyperparameter(
        1.0, ge=0, le=100, description="Deviation σ of the noise that is added to the targets."
    )
    problem: int = hyperparameter(
        0, ge=0, le=1_000_000, description="Number of the generated points; each number gives others."
    )

    def load(self, folder: Path, seed: int) -> Corpus:
        random = generator(self.problem, "synthetic_regression")
        points = random.random((self.samples, self.features))
        first, second, third, fourth, fifth = points[:, :5].T
        targets = 10 * np.sin(np.pi * first * second) + 20 * (third - 0.5) ** 2 + 10 * fourth + 5 * fifth
        targets += self.noise * random.standard_normal(self.samples)
        return split(points, targets[:, None], seed, task="regression", outputs=1)
