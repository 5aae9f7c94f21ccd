"""Says when a model is no better than a guess, however well its training went."""

import torch

from backend.domain.run.results import ArtifactMeasure
from worker.data.tensors import Data

GUESS = 0.01  # R² up to which the mean of the targets is as good: a test split by chance reaches that much


def guessing(measures: list[ArtifactMeasure], data: Data) -> list[str]:
    """A sentence on the first file that was run, if answers without looking at the inputs are as good on the test split."""
    measure = next((measure for measure in measures if measure.runtime), None)
    sentence = _reason(measure, data) if measure else None
    return [sentence] if sentence else []


def _reason(measure: ArtifactMeasure, data: Data) -> str | None:
    if measure.loss is None:
        return (
            "The file answers with what is no number on the test split: look at the scaling of the inputs and at the "
            "numbers of the last stage."
        )
    if measure.r2 is not None:
        return _of_numbers(measure.r2)
    if measure.accuracy is not None:
        return _of_classes(measure.accuracy, data)
    return None


def _of_numbers(r2: float) -> str | None:
    if r2 > GUESS:
        return None
    better = "would be better" if r2 < 0 else "is as good"
    return (
        f"R² is {r2:.3g}: the mean of the targets as the only answer {better}. Nothing that holds for "
        "the test split was learnt; look at the loss curves, the targets and the learning rate."
    )


def _of_classes(accuracy: float, data: Data) -> str | None:
    common = torch.bincount(data.test.targets.flatten()).max().item() / data.test.targets.numel()
    if accuracy > common:
        return None
    answer = "token" if data.task == "language" else "class"
    return (
        f"The accuracy, {accuracy:.1%}, is no better than that of the most frequent {answer} as the only answer "
        f"({common:.1%}): look at the loss curves, the labels and the learning rate."
    )
