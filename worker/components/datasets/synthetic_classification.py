"""A generated classification problem."""

from pathlib import Path

import numpy as np

from worker.contracts.component import hyperparameter
from worker.contracts.families.datasets import Dataset
from worker.data.splits import generator, split
from worker.data.tensors import Corpus


class SyntheticClassification(Dataset):
    """A generated problem of any size: each class is two clouds of points, which no straight line separates.

    The centres lie on the unit sphere, so that `noise` alone makes a problem hard, whatever the number of features.
    The points depend on `problem`, never on the run's seed, which draws the splits: runs of several seeds share
    one problem.
    """

    formula = "x = μ_{y,c} + σ·ε with |μ| = 1, c ∈ {1, 2}, ε ~ N(0, I)"
    reference = "Bishop: Pattern Recognition and Machine Learning, section 9.2, mixtures of Gaussians (2006)"
    provides = ("classes", "real")

    samples: int = hyperparameter(
        5_000, ge=200, le=200_000, unit="samples", description="Points in all three splits together."
    )
    features: int = hyperparameter(20, ge=2, le=256, unit="features", description="Numbers that describe a point.")
    classes: int = hyperparameter(4, ge=2, le=20, unit="classes", description="Classes, equally frequent.")
    noise: float = hyperparameter(0.3, ge=0, le=5, description="Spread σ of each cloud; centres are about √2 apart.")
    problem: int = hyperparameter(
        0, ge=0, le=1_000_000, description="Number of the generated problem; each number gives another one."
    )

    def load(self, folder: Path, seed: int) -> Corpus:
        random = generator(self.problem, "synthetic_classification")
        centres = random.standard_normal((self.classes, 2, self.features))
        centres /= np.linalg.norm(centres, axis=-1, keepdims=True)
        targets = np.arange(self.samples) % self.classes
        clouds = random.integers(0, 2, self.samples)
        points = centres[targets, clouds] + self.noise * random.standard_normal((self.samples, self.features))
        return split(points, targets, seed, outputs=self.classes)
