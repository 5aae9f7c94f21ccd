"""Says when a model is no better than a guess, however well its training went."""

import torch

from backend.domain.run.results import ArtifactMeasure
from worker.data.tensors import Data


def guessing(measures: list[ArtifactMeasure], data: Data) -> list[str]:
    """A sentence on the first file that was run, if answers without looking at the inputs are as good on the test split."""
    measure = next((measure for measure in measures if measure.runtime), None)
    if measure is None:
        return []
    if measure.r2 is not None and measure.r2 < 0:
        return [
            f"R² is {measure.r2:.3g}: the mean of the targets as the only answer would be better. Nothing that holds for "
            "the test split was learnt; look at the loss curves, the targets and the learning rate."
        ]
    if measure.accuracy is None or data.task != "classification":
        return []
    common = torch.bincount(data.test.targets).max().item() / len(data.test)
    if measure.accuracy > common:
        return []
    return [
        f"The accuracy, {measure.accuracy:.1%}, is no better than that of the most frequent class as the only answer "
        f"({common:.1%}): look at the loss curves, the labels and the learning rate."
    ]
